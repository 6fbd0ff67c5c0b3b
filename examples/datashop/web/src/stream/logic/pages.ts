import type { Entry, EventEntry, KnownEvent, KnownGap } from '@datashop/sse-client';

/** A page of stored logs as `fetchLogs` returns it. `ids[i]` is the id of `logs[i]`. */
export interface LogPage {
  readonly logs: readonly unknown[];
  readonly ids: readonly string[];
  readonly nextCursor: string | null;
  readonly total: number;
  readonly lastEventId: string;
  /** Why logs may be missing before those of the page; null if none are. */
  readonly gap?: string | null;
}

export interface PageQuery {
  /** Only logs after the one with this id. */
  after?: string;
  /** Only logs up to and including the one with this id. */
  upTo?: string;
  order: 'asc' | 'desc';
  limit: number;
  cursor?: string;
}

export type FetchPage = (query: PageQuery, signal: AbortSignal) => Promise<LogPage>;

/** The log service's page limit. */
export const pageLimit = 500;
/** The capacity of the list: more events would displace the lines around the gap. */
const maxEvents = 100_000;

/** Converts a page to the events that `seed()` and `fill()` take, oldest first. */
export function knownEvents({ logs, ids }: Pick<LogPage, 'logs' | 'ids'>, order: 'asc' | 'desc'): KnownEvent[] {
  const events = logs.map((log, index): KnownEvent => {
    const time = (log as { meta?: { timestamp?: unknown } }).meta?.timestamp;
    const known = { id: ids[index] ?? '', data: JSON.stringify(log) };
    return typeof time === 'number' ? { ...known, receivedAt: time } : known;
  });
  return order === 'desc' ? events.reverse() : events;
}

/** A stored event as an entry that is not in the stream's list. */
export function entryOf(event: KnownEvent, key: number): EventEntry {
  return { kind: 'event', event: 'message', receivedAt: 0, origin: 'original', ...event, value: event.data, key };
}

/** The events and gaps of a list, to be put into it again. */
export function restorable(entries: Iterable<Entry>): (KnownEvent | KnownGap)[] {
  return Array.from(entries, (entry) => {
    if (entry.kind === 'gap') {
      const { key, ...gap } = entry;
      return gap;
    }
    const { id, data, event, receivedAt } = entry;
    return { id, data, event, receivedAt };
  });
}

/** Loads all logs between two ids, page by page. Rejects when a page does. */
export async function fetchBetween(
  fetchPage: FetchPage,
  { after, upTo }: { after: string; upTo: string },
  onProgress: (loaded: number, total: number) => void,
  signal: AbortSignal,
): Promise<KnownEvent[]> {
  const events: KnownEvent[] = [];
  let cursor: string | null = '';
  // Without `up_to`, new logs would be followed for ever: stop at the total of the first page.
  let total = Number.POSITIVE_INFINITY;
  while (cursor !== null && events.length < Math.min(total, maxEvents)) {
    const query: PageQuery = { after, order: 'asc', limit: pageLimit };
    if (upTo !== '') query.upTo = upTo;
    if (cursor !== '') query.cursor = cursor;
    const page: LogPage = await fetchPage(query, signal);
    events.push(...knownEvents(page, 'asc'));
    if (total === Number.POSITIVE_INFINITY) total = page.total;
    cursor = page.nextCursor;
    onProgress(events.length, total);
  }
  return events;
}
