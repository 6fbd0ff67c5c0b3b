import { type Document, ObjectId } from 'mongodb';
import type { LogFilter } from '../../log-store.ts';
import { storedLevels } from './document.ts';
import { type Hex, lowest } from './object-ids.ts';
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
 * The filter for the documents of a workflow in a range of ObjectIds. There is always a lower bound that is an ObjectId, so
 * that documents with an `_id` of another type match in no query.
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
 * The filter for the documents that may match in a range. Every value comes from a request, and each is a string, a number
 * or a pattern that {@link searchPattern} has made: none can become an operator.
 */
export function selectionOf(filter: LogFilter, range: IdRange): Document {
  const { levels, search, fromMs, toMs } = filter;
  const pattern = search ? { $regex: searchPattern(search) } : undefined;
  return {
    ...rangeOf(filter, range),
    ...(levels && { logLevel: { $in: storedLevels(levels) } }),
    ...((fromMs !== undefined || toMs !== undefined) && {
      'meta.timestamp': { ...(fromMs !== undefined && { $gte: fromMs }), ...(toMs !== undefined && { $lt: toMs }) },
    }),
    ...(pattern && { $or: [{ message: pattern }, { description: pattern }, { stageName: pattern }] }),
  };
}
