import { type Document, ObjectId } from 'bson';
import { CommandError } from './errors.ts';
import { toTimestamp } from './oplog.ts';
import type { Call, ServerState } from './server-state.ts';
import { maxMessageBytes } from './wire.ts';

const electionId = new ObjectId('7fffffff0000000000000001');

/** MongoDB 7.0. */
const maxWireVersion = 21;

/** Executes `hello` and its older names. Awaits a change of the topology if the client asks for it. */
export async function hello({ state, command, connectionId, signal }: Call): Promise<Document> {
  const { topologyVersion, maxAwaitTimeMS } = command;
  if ((topologyVersion === undefined) !== (maxAwaitTimeMS === undefined)) {
    throw new CommandError(31368, "'maxAwaitTimeMS' and 'topologyVersion' go together");
  }
  if (topologyVersion !== undefined && isCurrent(state, topologyVersion)) {
    await state.topologyChanges.wait(maxAwaitTimeMS, signal);
  }
  const legacy = command.hello === undefined;
  return {
    helloOk: true,
    [legacy ? 'ismaster' : 'isWritablePrimary']: state.isPrimary,
    topologyVersion: state.topology,
    ...(state.replicaSet ? memberOf(state, state.replicaSet) : {}),
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: maxMessageBytes,
    maxWriteBatchSize: 100_000,
    localTime: new Date(Date.now() + state.clockOffsetMs),
    logicalSessionTimeoutMinutes: 30,
    connectionId,
    minWireVersion: 0,
    maxWireVersion,
    readOnly: false,
  };
}

function isCurrent(state: ServerState, { processId, counter }: Document): boolean {
  return state.topology.processId.equals(processId) && BigInt(counter) === state.topology.counter;
}

function memberOf(state: ServerState, setName: string): Document {
  const { latest } = state.database.oplog;
  const opTime = { ts: toTimestamp(latest), t: 1n };
  const lastWriteDate = new Date(Number(latest >> 32n) * 1000);
  return {
    hosts: [state.host],
    setName,
    setVersion: 1,
    secondary: !state.isPrimary,
    ...(state.isPrimary ? { primary: state.host, electionId } : {}),
    me: state.host,
    lastWrite: { opTime, lastWriteDate, majorityOpTime: opTime, majorityWriteDate: lastWriteDate },
  };
}
