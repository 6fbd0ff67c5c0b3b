import type { LogFilter } from '../../log-store.ts';
import { type Hex, timeOf } from './object-ids.ts';
import type { WatchContext } from './watch.ts';

/** A place between two logs, or in front of the first one. */
export interface Position {
  /** Everything that was visible at this time precedes it; in milliseconds since 1970, 0 in front of all logs. */
  readonly ms: number;
  /** A log that precedes it, the newest one where that is known. */
  readonly behind: Hex | undefined;
}

/**
 * True if logs that were written after a position may have been deleted since. The oldest logs are deleted first, so
 * none was while a log in front of the position is stored. That log may have expired by itself: then the age of the
 * position tells whether others may have.
 */
export async function isExpired(
  { collection, timing }: WatchContext,
  filter: LogFilter,
  { ms, behind }: Position,
): Promise<boolean> {
  if (ms === 0 || (behind !== undefined && (await collection.has(filter, behind)))) return false;
  const expiryMs = (await collection.expiryMs()) ?? Number.POSITIVE_INFINITY;
  // The time in a document may be earlier than the one in its ObjectId.
  const now = timing.now() + timing.lateMs;
  return ms + expiryMs <= now || (behind !== undefined && timeOf(behind) + expiryMs > now);
}
