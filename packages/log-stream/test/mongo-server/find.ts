import type { Document } from 'bson';
import { ResultCursor } from './cursors.ts';
import { CommandError, notBuilt } from './errors.ts';
import { choosePlan, constraintsOf, type Plan } from './indexes.ts';
import { Deadline, project, select, sortDocuments } from './query.ts';
import type { Call } from './server-state.ts';

/** A `find` command, checked. */
interface FindOptions {
  readonly namespace: string;
  readonly filter: Document;
  readonly sort: Document;
  readonly skip: number;
  /** 0: none. */
  readonly limit: number;
  readonly batchSize: number;
  readonly projection: Document | undefined;
  readonly hint: unknown;
  readonly maxTimeMs: number | undefined;
  readonly singleBatch: boolean;
}

/** Size of the first batch if the command names none. */
const defaultFirstBatch = 101;

/** Fields of `find` that are accepted. All others are refused, whether or not MongoDB has them. */
export const findFields = [
  'filter',
  'sort',
  'projection',
  'hint',
  'skip',
  'limit',
  'batchSize',
  'singleBatch',
  'comment',
  'maxTimeMS',
  'readConcern',
  'noCursorTimeout',
  'allowPartialResults',
  'allowDiskUse',
  'let',
];

function parseFind(command: Document): FindOptions {
  if (typeof command.find !== 'string') throw new CommandError(2, 'collection name has invalid type');
  const { filter = {}, sort = {}, skip = 0, limit = 0, batchSize = defaultFirstBatch, maxTimeMS } = command;
  for (const [name, value] of Object.entries({ skip, limit, batchSize, maxTimeMS: maxTimeMS ?? 0 })) {
    if (!Number.isInteger(value)) throw new CommandError(14, `BSON field 'find.${name}' must be an integer`);
    if (value < 0) throw new CommandError(2, `BSON field '${name}' value must be >= 0, actual value '${value}'`);
  }
  if (command.let && Object.keys(command.let).length > 0) throw notBuilt('let');
  return {
    namespace: `${command.$db}.${command.find}`,
    filter,
    sort,
    skip,
    limit,
    batchSize,
    projection: command.projection,
    hint: command.hint,
    maxTimeMs: maxTimeMS,
    singleBatch: command.singleBatch === true,
  };
}

/** Executes `find`. */
export async function find({ state, command, signal }: Call): Promise<Document> {
  const options = parseFind(command);
  const { namespace, filter, sort, skip, limit } = options;
  const collection = state.database.find(namespace);
  const plan = choosePlan(collection, filter, sort, options.hint);
  const unordered = !plan.index && Object.keys(sort).length === 0;
  const candidates = (unordered ? collection?.all() : collection?.candidates(filter)) ?? [];
  const deadline = new Deadline(options.maxTimeMs);
  const needed = limit === 0 ? Number.POSITIVE_INFINITY : skip + limit;
  const direction = idDirection(filter, sort);
  if (direction === -1) candidates.reverse();
  const found =
    direction === 0
      ? sortDocuments(select(candidates, filter, deadline), sort).slice(0, needed)
      : select(candidates, filter, deadline, needed);
  const documents = project(found.slice(skip), options.projection);
  const cursor = new ResultCursor(namespace, documents, limit > 0 && documents.length === limit);
  const reply = await state.cursors.open(cursor, options.batchSize, signal);
  if (options.singleBatch && reply.cursor.id > 0n) {
    state.cursors.kill(Number(reply.cursor.id));
    reply.cursor.id = 0n;
  }
  return reply;
}

/** 1 or -1 if the query asks for the order of `_id`, in that direction; 0 if the documents have to be sorted. */
function idDirection(filter: Document, sort: Document): 1 | -1 | 0 {
  const { equal } = constraintsOf(filter);
  const keys = Object.entries(sort).filter(([path]) => !equal.has(path));
  const [path, direction] = keys[0] ?? ['_id', 1];
  if (path !== '_id') return 0;
  return direction === -1 ? -1 : 1;
}

/** Executes `explain` for a `find`. */
export function explainFind({ state, command }: Call): Document {
  const options = parseFind(command);
  const collection = state.database.find(options.namespace);
  const plan = choosePlan(collection, options.filter, options.sort, options.hint);
  return {
    explainVersion: '1',
    queryPlanner: {
      namespace: options.namespace,
      parsedQuery: options.filter,
      winningPlan: collection ? winningPlan(plan, options) : { stage: 'EOF' },
      rejectedPlans: [],
    },
    command,
    serverInfo: { host: '127.0.0.1', version: state.version },
  };
}

function winningPlan({ index, direction, sorts }: Plan, { filter, sort, limit, projection }: FindOptions): Document {
  let stage: Document = index
    ? {
        stage: 'FETCH',
        filter,
        inputStage: { stage: 'IXSCAN', keyPattern: index.key, indexName: index.name, direction },
      }
    : { stage: 'COLLSCAN', filter, direction };
  if (sorts) stage = { stage: 'SORT', sortPattern: sort, inputStage: stage };
  if (projection) stage = { stage: 'PROJECTION_DEFAULT', transformBy: projection, inputStage: stage };
  if (limit > 0) stage = { stage: 'LIMIT', limitAmount: limit, inputStage: stage };
  return stage;
}
