import type { LogCursor, LogFilter, LogIdKind, LogResume } from '../../log-store.ts';
import { PageCursor, StreamCursor } from './cursor.ts';
import { decodePageEnd, decodePosition, encodePageEnd, encodePosition } from './ids.ts';
import { type Hex, isHex, lowest, timeOf } from './object-ids.ts';
import { timeCursor } from './page.ts';
import { Resume } from './resume.ts';
import type { Watch, WatchContext } from './watch.ts';

/** The id of a log or a place, as the subscribers of the filter's workflow see it. */
export function idOf(cursor: LogCursor, filter: LogFilter, kind: LogIdKind): string {
  if (cursor instanceof PageCursor) {
    const { low, high, ms, previous } = cursor;
    if (kind === 'position') {
      return encodePosition(
        { ms, list: '0', n: 0, previous: previous ?? (low === high ? logAt(low) : undefined) },
        filter,
      );
    }
    return kind === 'event' ? low : encodePageEnd(low, filter, kind);
  }
  const place = ownCursor(cursor);
  return kind === 'event' && place.id !== undefined ? place.id : encodePosition(positionOf(place), filter);
}

function positionOf({ watch, n, id, history, earlier, previous }: StreamCursor) {
  const { list } = watch;
  if (history !== undefined) return { ms: timeOf(history), list: '0', n: 0, previous: id ?? previous };
  const next = earlier[0] ?? n;
  const isInList = earlier.length === 0;
  const ms = watch.timeBefore(next);
  return { ms, list: isInList ? list.name : '0', n: isInList ? n : 0, previous: previous ?? list.logBefore(next) };
}

/** The place from which a subscriber of the watch that returns with an id continues. */
export async function resume(context: WatchContext, watch: Watch, id: string): Promise<LogResume> {
  const resume = new Resume(watch, context);
  const cursor = isHex(id) ? await resume.afterLog(id) : await afterPosition(watch, resume, id);
  return cursor ? { cursor } : { cursor: resume.fromStart(), gap: 'unknown-id' };
}

async function afterPosition(watch: Watch, resume: Resume, id: string): Promise<StreamCursor | undefined> {
  const position = decodePosition(id, watch.filter);
  if (position === undefined) return undefined;
  const { list, n } = position;
  const { name, arrivals } = watch.list;
  const isListed = list === name && arrivals.start <= n && n <= arrivals.end;
  return isListed ? new StreamCursor({ watch, n }) : resume.afterPosition(position);
}

/** The place in the order of pages that an id of one of `kinds` stands for. */
export async function locate(
  { collection, timing }: WatchContext,
  id: string,
  filter: LogFilter,
  kinds: readonly LogIdKind[],
): Promise<LogCursor | undefined> {
  for (const order of ['asc', 'desc'] as const) {
    const hex = kinds.includes(order) ? decodePageEnd(id, filter, order) : undefined;
    if (hex !== undefined) return new PageCursor(hex);
  }
  const position = kinds.includes('position') ? decodePosition(id, filter) : undefined;
  if (position) return timeCursor(position.ms, timing.settleMs, position.previous);
  const isStored = kinds.includes('event') && isHex(id) && (await collection.has(filter, id));
  return isStored ? new PageCursor(id) : undefined;
}

/** @throws TypeError for a cursor of another store */
export function ownCursor(cursor: LogCursor): StreamCursor {
  if (!(cursor instanceof StreamCursor)) throw new TypeError('cursor: of another log store');
  return cursor;
}

function logAt(id: Hex): Hex | undefined {
  return id === lowest ? undefined : id;
}
