import type { KnownEvent } from '@datashop/sse-client';

/** A page of stored logs, as the shell's `fetchLogs` gives it. `ids` belong to `logs` by their index. */
export interface LogPage {
  readonly logs: readonly unknown[];
  readonly ids: readonly string[];
  readonly nextCursor: string | null;
  readonly total: number;
  readonly lastEventId: string;
}

export interface PageQuery {
  /** Only logs after the one with this id. */
  after?: string;
  /** Only logs up to the one with this id, which is included. */
  upto?: string;
  order: 'asc' | 'desc';
  limit: number;
  cursor?: string;
}

export type FetchPage = (query: PageQuery, signal: AbortSignal) => Promise<LogPage>;

/** The most that the log service gives at once. */
export const pageLimit = 500;
/** As many as the stream keeps: more would push out what they are loaded for. */
const maxEvents = 100_000;

/** As `seed()` and `fill()` want them: oldest first. */
export function knownEvents({ logs, ids }: Pick<LogPage, 'logs' | 'ids'>, order: 'asc' | 'desc'): KnownEvent[] {
  const events = logs.map((log, index): KnownEvent => {
    const time = (log as { meta?: { timestamp?: unknown } }).meta?.timestamp;
    const known = { id: ids[index] ?? '', data: JSON.stringify(log) };
    return typeof time === 'number' ? { ...known, receivedAt: time } : known;
  });
  return order === 'desc' ? events.reverse() : events;
}

/** Everything after one log and up to another, page by page. Rejects if a page does. */
export async function fetchBetween(
  fetchPage: FetchPage,
  { after, upto }: { after: string; upto: string },
  onProgress: (loaded: number, total: number) => void,
  signal: AbortSignal,
): Promise<KnownEvent[]> {
  const events: KnownEvent[] = [];
  let cursor: string | null = '';
  // A stream that goes on meanwhile would be chased for ever without `upto`: what was there at first is enough.
  let total = Number.POSITIVE_INFINITY;
  while (cursor !== null && events.length < Math.min(total, maxEvents)) {
    const query: PageQuery = { after, order: 'asc', limit: pageLimit };
    if (upto !== '') query.upto = upto;
    if (cursor !== '') query.cursor = cursor;
    const page: LogPage = await fetchPage(query, signal);
    events.push(...knownEvents(page, 'asc'));
    if (total === Number.POSITIVE_INFINITY) total = page.total;
    cursor = page.nextCursor;
    onProgress(events.length, total);
  }
  return events;
}
