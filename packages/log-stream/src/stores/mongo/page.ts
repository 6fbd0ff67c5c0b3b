import { matcherOf } from '../../filter.ts';
import type { LogEntry, LogFilter, LogPage, LogQuery } from '../../log-store.ts';
import { PageCursor } from './cursor.ts';
import { isExpired } from './expired.ts';
import { ceilingOf, floorOf, type Hex, lowest, predecessorOf, secondMs } from './object-ids.ts';
import { isExactPattern } from './search.ts';
import type { IdRange } from './selection.ts';
import type { WatchContext } from './watch.ts';

/** A page ends with the log that reaches this many characters of JSON. */
const maxPageCharacters = 1024 * 1024;
/** Most documents that one command returns. */
const maxFetched = 200;
/** Milliseconds for which a page searches. */
export const maxSearchMs = 10_000;

/** The place of a time in the order of pages. @param previous a log that precedes it */
export function timeCursor(ms: number, settleMs: number, previous: Hex | undefined): PageCursor {
  return new PageCursor(predecessorOf(floorOf(ms - settleMs - secondMs)), ceilingOf(ms), ms, previous);
}

/** Selects a page in the order of ObjectIds. */
export async function queryPage(context: WatchContext, query: LogQuery): Promise<LogPage> {
  const { collection, timing } = context;
  const { filter, order, limit, cursor, upTo, signal } = query;
  signal?.throwIfAborted();
  const began = timing.now();
  if (upTo === 'none') return { logs: [], more: false, total: 0, position: new PageCursor(lowest), trimmed: false };
  const range = rangeOf(query, timing.settleMs);
  const end = cursor instanceof PageCursor ? cursor.low : undefined;
  const total = await countOf(context, filter, range, signal);
  const { logs, more } = await search(context, filter, beyond(range, end, order), order, limit, signal);
  const isEndGone = order === 'asc' && end !== undefined && !(await collection.has(filter, end));
  const position = upTo instanceof PageCursor ? upTo : await positionAt(context, filter, began);
  return { logs, more, total, position, trimmed: isEndGone || (await isTrimmedAfter(context, query)) };
}

/** The place after everything that is visible. */
async function positionAt({ collection, timing }: WatchContext, filter: LogFilter, ms: number): Promise<PageCursor> {
  const [newest] = await collection.idsBefore(filter, {}, 1);
  return timeCursor(ms, timing.settleMs, newest);
}

/**
 * A page that begins after a log misses none: that log was stored when it was located, and older ones are deleted
 * first. After a position, logs may have been deleted.
 */
async function isTrimmedAfter(context: WatchContext, { after, filter }: LogQuery): Promise<boolean> {
  return after instanceof PageCursor && after.low !== after.high && (await isExpired(context, filter, after));
}

/**
 * Returns the first `limit` logs of a filter in a range, in the order of ObjectIds or against it.
 *
 * @throws Error if the search takes too long
 */
export async function search(
  { collection, mapper }: WatchContext,
  filter: LogFilter,
  range: IdRange,
  order: 'asc' | 'desc',
  limit: number,
  signal?: AbortSignal,
): Promise<{ logs: LogEntry[]; more: boolean }> {
  const matches = matcherOf(filter);
  const { workspaceID = '', workflowID = '' } = filter;
  const deadline = performance.now() + maxSearchMs;
  const logs: LogEntry[] = [];
  let characters = 0;
  let rest = range;
  for (;;) {
    // One more than is needed shows whether there are more.
    const count = Math.min(limit + 1 - logs.length, maxFetched);
    const page = await collection.page(filter, rest, order, count);
    signal?.throwIfAborted();
    for (const { id, raw } of page) {
      const { log, gap, size } = mapper.map(id, raw);
      const cursor = new PageCursor(id);
      const entry: LogEntry = log ? { cursor, log } : { cursor, gap: gap ?? 'unreadable', workspaceID, workflowID };
      if (!matches(entry)) continue;
      if (logs.length === limit || characters >= maxPageCharacters) return { logs, more: true };
      logs.push(entry);
      characters += size;
    }
    const last = page.at(-1)?.id;
    if (page.length < count || last === undefined) return { logs, more: false };
    if (performance.now() > deadline) throw new Error(`A search has taken longer than ${maxSearchMs} ms`);
    rest = beyond(rest, last, order);
  }
}

/**
 * The server counts the documents that its pattern matches. Where those may be too many, this process counts the logs.
 */
async function countOf(
  context: WatchContext,
  filter: LogFilter,
  range: IdRange,
  signal: AbortSignal | undefined,
): Promise<number> {
  const isExact = !filter.search || isExactPattern(filter.search);
  if (isExact && !filter.exclude?.length) return context.collection.count(filter, range);
  let count = 0;
  let rest = range;
  for (let more = true; more; ) {
    const page = await search(context, filter, rest, 'asc', maxFetched, signal);
    const last = page.logs.at(-1)?.cursor;
    count += page.logs.length;
    more = page.more && last instanceof PageCursor;
    if (last instanceof PageCursor) rest = beyond(rest, last.low, 'asc');
  }
  return count;
}

/**
 * The range between two places. Streams deliver in the order of arrival, which differs from the order of ObjectIds, so
 * the range is widened by `settleMs` and a second on both sides.
 */
function rangeOf({ after, upTo }: LogQuery, settleMs: number): IdRange {
  const low = after instanceof PageCursor ? after : undefined;
  const high = upTo instanceof PageCursor ? upTo : undefined;
  if (low === undefined || high === undefined) return { after: low?.low, upTo: high?.high };
  const from = predecessorOf(floorOf(low.ms - settleMs - secondMs));
  const to = ceilingOf(high.ms + settleMs + secondMs);
  return { after: from < low.low ? from : low.low, upTo: to > high.high ? to : high.high };
}

/** The part of a range that lies beyond an id, in the direction of `order`. */
function beyond(range: IdRange, id: Hex | undefined, order: 'asc' | 'desc'): IdRange {
  if (id === undefined) return range;
  return order === 'asc' ? { ...range, after: id } : { ...range, before: id };
}
