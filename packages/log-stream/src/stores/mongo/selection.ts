import { type Document, ObjectId } from 'mongodb';
import type { LogFilter } from '../../log-store.ts';
import { storedLevels } from './document.ts';
import { floorOf, type Hex, lowest, secondMs } from './object-ids.ts';
import { searchPattern } from './search.ts';

/** The key of the index that all reads of a workflow use. */
export const indexKey = { 'meta.workspaceID': 1, 'meta.workflowID': 1, _id: 1 } as const;

/** Bounds of `_id`, each of them optional. */
export interface IdRange {
  readonly from?: Hex | undefined;
  readonly after?: Hex | undefined;
  readonly before?: Hex | undefined;
  readonly upTo?: Hex | undefined;
}

/**
 * The filter for the documents of a workflow in a range of ObjectIds. There is always a lower bound that is an
 * ObjectId, so that documents with an `_id` of another type match no query.
 */
export function rangeOf({ workspaceID, workflowID }: LogFilter, { from, after, before, upTo }: IdRange): Document {
  const lower = after === undefined ? { $gte: new ObjectId(from ?? lowest) } : { $gt: new ObjectId(after) };
  return {
    ...(workspaceID !== undefined && { 'meta.workspaceID': workspaceID }),
    ...(workflowID !== undefined && { 'meta.workflowID': workflowID }),
    _id: {
      ...lower,
      ...(before !== undefined && { $lt: new ObjectId(before) }),
      ...(upTo !== undefined && { $lte: new ObjectId(upTo) }),
    },
  };
}

/**
 * The filter for the documents that may match in a range. Every value comes from a request, and each is a string, a
 * number or a pattern that {@link searchPattern} has made: none can become an operator.
 */
export function selectionOf(filter: LogFilter, range: IdRange): Document {
  const { levels, search, stageName, execID } = filter;
  const $regex = search && searchPattern(search);
  const found = search && $regex ? [...searched.map((field) => ({ [field]: { $regex } })), runOf(search)] : undefined;
  return {
    ...rangeOf(filter, range),
    ...(levels && { logLevel: { $in: storedLevels(levels) } }),
    ...(stageName !== undefined && { stageName }),
    ...(execID !== undefined && runOf(execID)),
    ...anyOfEach(timesOf(filter), found),
  };
}

const searched = ['message', 'description', 'stageName'] as const;

const runOf = (execID: string): Document => ({ 'meta.execID': { $in: storedNumbers(execID) } });

/** The values of a field that `mapDocument` reads as this text: a number is read as text. */
function storedNumbers(text: string): (string | number)[] {
  return String(Number(text)) === text ? [text, Number(text)] : [text];
}

/** The filter for documents that match one filter of each list. */
function anyOfEach(...lists: readonly (Document[] | undefined)[]): Document {
  const [first, ...rest] = lists.filter((list) => list !== undefined).map(($or) => ({ $or }));
  return rest.length > 0 ? { $and: [first, ...rest] } : { ...first };
}

/**
 * One filter for each field from which `mapDocument` takes the time of a document. A range matches only values of its
 * own type; null also matches a missing field.
 */
function timesOf({ fromMs, toMs }: LogFilter): Document[] | undefined {
  if (fromMs === undefined && toMs === undefined) return undefined;
  const range = (bound: (ms: number) => unknown) => ({
    ...(fromMs !== undefined && { $gte: bound(fromMs) }),
    ...(toMs !== undefined && { $lt: bound(toMs) }),
  });
  const dates = range((ms) => new Date(ms));
  const _id = range((ms) => new ObjectId(floorOf(Math.ceil(ms / secondMs) * secondMs)));
  return [
    { 'meta.timestamp': range((ms) => ms) },
    { 'meta.timestamp': dates },
    { 'meta.timestamp': null, time: dates },
    { 'meta.timestamp': null, time: null, _id },
    { 'meta.timestamp': null, time: { $gte: '' }, _id },
  ];
}
