import type { Document } from 'bson';
import { aggregate, aggregateFields, isChangeStream } from './aggregate.ts';
import { CommandError, notBuilt } from './errors.ts';
import { explainFind, find, findFields } from './find.ts';
import { hello } from './hello.ts';
import { createIndexes, createIndexesFields, listIndexes, listIndexesFields } from './index-commands.ts';
import { toTimestamp } from './oplog.ts';
import type { Call, ServerState } from './server-state.ts';
import { update, updateFields } from './update.ts';
import { deleteFields, drop, dropDatabase, insert, insertFields, remove } from './write.ts';

interface CommandType {
  /** Fields beside those that every command may have; undefined: any. */
  readonly fields: readonly string[] | undefined;
  readonly run: (call: Call) => Document | Promise<Document>;
}

/** How long `getMore` awaits the next change if it does not say so. */
const defaultAwaitMs = 1000;

const genericFields = new Set([
  '$db',
  '$clusterTime',
  '$readPreference',
  'lsid',
  'txnNumber',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
]);

async function getMore({ state, command, signal }: Call): Promise<Document> {
  const id = Number(command.getMore);
  const namespace = `${command.$db}.${command.collection}`;
  const cursor = state.cursors.find(id);
  if (!cursor) throw new CommandError(43, `cursor id ${id} not found`);
  if (cursor.namespace !== namespace) {
    const text = `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace`;
    throw new CommandError(13, `${text} '${cursor.namespace}'`);
  }
  if (command.maxTimeMS !== undefined && !cursor.changeStream) {
    throw new CommandError(2, 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
  }
  return state.cursors.next(id, command.batchSize || undefined, command.maxTimeMS ?? defaultAwaitMs, signal);
}

function killCursors({ state, command }: Call): Document {
  const ids: number[] = command.cursors.map(Number);
  const killed = ids.filter((id) => state.cursors.kill(id));
  const notFound = ids.filter((id) => !killed.includes(id));
  const longs = (numbers: number[]) => numbers.map(BigInt);
  return { cursorsKilled: longs(killed), cursorsNotFound: longs(notFound), cursorsAlive: [], cursorsUnknown: [] };
}

function explain(call: Call): Document {
  const inner: Document = { ...call.command.explain, $db: call.command.$db };
  if (inner.find === undefined) throw notBuilt('explain for other commands than find');
  return explainFind({ ...call, command: inner });
}

function buildInfo({ state }: Call): Document {
  const versionArray = [...state.version.split('.').map(Number), 0];
  return { version: state.version, versionArray, gitVersion: 'scripted', bits: 64, maxBsonObjectSize: 16_777_216 };
}

function serverStatus({ state }: Call): Document {
  const totals = [...state.executed].map(([name, total]) => [name, { total: BigInt(total) }]);
  return { version: state.version, localTime: new Date(), metrics: { commands: Object.fromEntries(totals) } };
}

/** The commands by their names. */
const commands: Readonly<Record<string, CommandType>> = {
  hello: { fields: undefined, run: hello },
  isMaster: { fields: undefined, run: hello },
  ismaster: { fields: undefined, run: hello },
  ping: { fields: [], run: () => ({}) },
  buildInfo: { fields: [], run: buildInfo },
  buildinfo: { fields: [], run: buildInfo },
  serverStatus: { fields: undefined, run: serverStatus },
  endSessions: { fields: [], run: () => ({}) },
  find: { fields: findFields, run: find },
  aggregate: { fields: aggregateFields, run: aggregate },
  getMore: { fields: ['collection', 'batchSize', 'maxTimeMS', 'comment'], run: getMore },
  killCursors: { fields: ['cursors', 'comment'], run: killCursors },
  insert: { fields: insertFields, run: insert },
  update: { fields: updateFields, run: update },
  delete: { fields: deleteFields, run: remove },
  createIndexes: { fields: createIndexesFields, run: createIndexes },
  listIndexes: { fields: listIndexesFields, run: listIndexes },
  drop: { fields: ['writeConcern', 'comment'], run: drop },
  dropDatabase: { fields: ['writeConcern', 'comment'], run: dropDatabase },
  explain: { fields: ['verbosity', 'comment', 'maxTimeMS'], run: explain },
  configureFailPoint: {
    fields: ['mode', 'data'],
    run: ({ state, command }) => {
      state.failpoints.configure(command);
      return {};
    },
  },
};

const writes = new Set(['insert', 'update', 'delete', 'createIndexes', 'drop', 'dropDatabase']);
const reads = new Set(['find', 'aggregate', 'listIndexes', 'explain']);

/** Executes a command and returns its reply. Throws a CommandError if it fails. */
export async function execute(call: Call): Promise<Document> {
  const name = nameOf(call.command);
  const type = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!type) throw new CommandError(59, `no such command: '${name}'`);
  if (call.command.autocommit !== undefined) throw notBuilt('transactions');
  const { fields } = type;
  const unknown = Object.keys(call.command).find(
    (field) => field !== name && fields && !fields.includes(field) && !genericFields.has(field),
  );
  if (unknown !== undefined) throw new CommandError(40415, `BSON field '${name}.${unknown}' is an unknown field.`);
  if (!call.state.isPrimary) checkSecondary(name, call.command);
  return await type.run(call);
}

function checkSecondary(name: string, { $readPreference }: Document): void {
  if (writes.has(name)) throw new CommandError(10107, 'not primary');
  const readsFromPrimary = ($readPreference?.mode ?? 'primary') === 'primary';
  if (reads.has(name) && readsFromPrimary) throw new CommandError(13435, 'not primary and secondaryOk=false');
}

/** The name of a command is its first field. */
export function nameOf(command: Document): string {
  return Object.keys(command)[0] ?? '';
}

/** True if the command belongs to a change stream: its errors have other labels. */
export function concernsChangeStream(state: ServerState, command: Document): boolean {
  if (command.getMore === undefined) return isChangeStream(command);
  return state.cursors.find(Number(command.getMore))?.changeStream === true;
}

/** What a member of a replica set adds to every reply. */
export function timesOf(state: ServerState): Document {
  if (!state.replicaSet) return {};
  const operationTime = toTimestamp(state.database.oplog.latest);
  const signature = { hash: new Uint8Array(20), keyId: 0n };
  return { operationTime, $clusterTime: { clusterTime: operationTime, signature } };
}
