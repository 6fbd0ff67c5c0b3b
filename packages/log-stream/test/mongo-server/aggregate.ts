import type { Document } from 'bson';
import { ChangeStreamCursor, type Watched } from './change-stream.ts';
import { ResultCursor } from './cursors.ts';
import { CommandError, notBuilt } from './errors.ts';
import { choosePlan } from './indexes.ts';
import { runPipeline } from './pipeline.ts';
import { Deadline } from './query.ts';
import type { Call, ServerState } from './server-state.ts';

export const aggregateFields = [
  'pipeline',
  'cursor',
  'hint',
  'maxTimeMS',
  'allowDiskUse',
  'readConcern',
  'comment',
  'let',
  'fromRouter',
  'collation',
];

const defaultFirstBatch = 101;

/** Executes `aggregate`: over a collection, or as a change stream. */
export async function aggregate({ state, command, exact, signal }: Call): Promise<Document> {
  const { pipeline, cursor } = command;
  if (!Array.isArray(pipeline)) throw new CommandError(14, "'pipeline' must be an array");
  if (typeof cursor !== 'object') throw new CommandError(9, "The 'cursor' option is required, except for explain");
  if (command.collation && command.collation.locale !== 'simple') throw notBuilt('collation');
  const batchSize = cursor.batchSize ?? defaultFirstBatch;
  if (isChangeStream(command)) {
    checkChangeStream(state, command);
    // The token and the operation time of the exact form have no numbers that could lose their type.
    const stages = [exact.pipeline[0], ...pipeline.slice(1)];
    const stream = new ChangeStreamCursor(state.database.oplog, watchedBy(command), stages);
    return state.cursors.open(stream, batchSize, signal);
  }
  if (typeof command.aggregate !== 'string') throw notBuilt('aggregate: 1 without $changeStream');
  const namespace = `${command.$db}.${command.aggregate}`;
  const collection = state.database.find(namespace);
  const filter = pipeline[0]?.$match ?? {};
  const { index } = choosePlan(collection, filter, {}, command.hint);
  const candidates = (index ? collection?.candidates(filter) : collection?.all()) ?? [];
  const documents = runPipeline(candidates, pipeline, new Deadline(command.maxTimeMS));
  return state.cursors.open(new ResultCursor(namespace, documents), batchSize, signal);
}

/** True if the command opens a change stream. */
export function isChangeStream(command: Document): boolean {
  return Array.isArray(command.pipeline) && command.pipeline[0]?.$changeStream !== undefined;
}

function checkChangeStream(state: ServerState, { readConcern, $db, pipeline, aggregate: target }: Document): void {
  if (!state.replicaSet) {
    throw new CommandError(40573, 'The $changeStream stage is only supported on replica sets');
  }
  if (readConcern?.level !== undefined && readConcern.level !== 'majority') {
    throw new CommandError(72, '$changeStream is only supported with read concern majority');
  }
  const { allChangesForCluster } = pipeline[0].$changeStream;
  if (allChangesForCluster === true && ($db !== 'admin' || target !== 1)) {
    throw new CommandError(72, 'A $changeStream with allChangesForCluster: true must be opened on the admin database');
  }
}

function watchedBy({ aggregate: target, $db, pipeline }: Document): Watched {
  if (typeof target === 'string') return { namespace: `${$db}.${target}`, prefix: undefined };
  const { allChangesForCluster } = pipeline[0].$changeStream;
  return { namespace: `${$db}.$cmd.aggregate`, prefix: allChangesForCluster === true ? '' : `${$db}.` };
}
