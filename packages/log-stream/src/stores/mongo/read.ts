import { matcherOf } from '../../filter.ts';
import type { LogBatch, LogEntry, LogFilter } from '../../log-store.ts';
import { StreamCursor, type StreamPlace } from './cursor.ts';
import { type DeliveredLog, deleted } from './log-mapper.ts';
import type { Hex } from './object-ids.ts';
import type { WatchContext } from './watch.ts';

/**
 * A read ends with the log that reaches this many characters: about what a socket accepts at once, so that streams stay
 * together at the newest log.
 */
const maxReadCharacters = 32 * 1024;
/** Most documents that one read fetches, because their sizes are not known before. */
const maxFetched = 64;

/** The place is no longer kept. A subscriber that resumes with its id continues. */
export class PlaceExpired extends Error {}

/** @throws PlaceExpired for a place that is not kept any more */
export async function readStream(
  context: WatchContext,
  place: StreamPlace,
  filter: LogFilter,
  limit: number,
): Promise<LogBatch> {
  return place.history === undefined
    ? readArrivals(place, filter, limit)
    : readHistory(context, place, place.history, filter, limit);
}

/** Reads the history, in the order of the ids. */
async function readHistory(
  { collection, mapper }: WatchContext,
  { watch, skip, earlier, previous }: StreamPlace,
  history: Hex,
  filter: LogFilter,
  limit: number,
): Promise<LogBatch> {
  const { boundary, arrivals } = watch.list;
  const count = Math.min(limit, maxFetched);
  const page = await collection.page(filter, { after: history, upTo: boundary }, 'asc', count);
  const matches = matcherOf(filter);
  const logs = page.flatMap(({ id, raw }) => {
    if (id === skip || watch.list.isListedUpToBoundary(id)) return [];
    const entry = entryOf({ watch, n: 0, history: id, skip, earlier }, id, mapper.map(id, raw));
    return matches(entry) ? [entry] : [];
  });
  const last = page.at(-1)?.id;
  if (page.length === count && last !== undefined) {
    return {
      logs,
      cursor: new StreamCursor({ watch, n: 0, history: last, skip, earlier, previous: last }),
      more: true,
    };
  }
  // If the boundary has moved, the list has dropped arrivals during the read: they are history now.
  const isDone = watch.list.boundary === boundary;
  const n = isDone ? arrivals.start : 0;
  const next = { watch, n, history: isDone ? undefined : boundary, skip, earlier, previous: last ?? previous };
  return { logs, cursor: new StreamCursor(next), more: !isDone || arrivals.end > arrivals.start };
}

/** Reads logs in the order of arrival. */
async function readArrivals(place: StreamPlace, filter: LogFilter, limit: number): Promise<LogBatch> {
  const { watch, n, earlier = [] } = place;
  const { list } = watch;
  const { arrivals } = list;
  if (n < arrivals.start) throw new PlaceExpired('A subscriber was too far behind: it has to resume with its id');
  const [first, ...rest] = earlier;
  if (first === undefined && list.isLoss(n)) {
    const cursor = new StreamCursor({ ...place, n: n + 1 });
    return { logs: [], cursor, more: n + 1 < arrivals.end, gap: 'trimmed' };
  }
  const numbers = first === undefined ? numbersOf(place, limit) : [first];
  // Before the read, during which the list may drop them.
  const ids = numbers.map((number) => arrivals.idOf(number));
  const found = await list.logsOf(numbers);
  const matches = matcherOf(filter);
  let { skip } = place;
  let next: StreamPlace = place;
  const logs: LogEntry[] = [];
  for (const [index, number] of numbers.entries()) {
    const id = ids[index];
    const isSkipped = id === skip;
    if (isSkipped) skip = undefined;
    next = first === undefined ? { watch, n: number + 1, skip } : { watch, n, skip, earlier: rest };
    const log = found[index];
    if (isSkipped || id === undefined || log === undefined) continue;
    // One gap for several deleted logs in a row.
    if (log === deleted && logs.at(-1)?.gap === 'trimmed') logs.pop();
    const entry = entryOf(next, id, log);
    if (matches(entry)) logs.push(entry);
  }
  const more = next.n < arrivals.end || rest.length > 0;
  return { logs, cursor: new StreamCursor(next), more };
}

/** The numbers of the arrivals that one read returns. */
function numbersOf({ watch: { list }, n }: StreamPlace, limit: number): number[] {
  const end = Math.min(n + limit, list.endOfRead(n));
  const numbers: number[] = [];
  let characters = 0;
  let fetched = 0;
  for (let number = n; number < end && characters < maxReadCharacters && fetched < maxFetched; number++) {
    const size = list.sizeOf(number);
    if (size === undefined) fetched++;
    characters += size ?? 0;
    numbers.push(number);
  }
  return numbers;
}

function entryOf(place: StreamPlace, id: Hex, { log, gap }: DeliveredLog): LogEntry {
  const cursor = new StreamCursor(place, id);
  if (log !== undefined) return { cursor, log };
  const { workspaceID = '', workflowID = '' } = place.watch.filter;
  return { cursor, gap: gap ?? 'unreadable', workspaceID, workflowID };
}
