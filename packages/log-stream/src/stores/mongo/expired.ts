import type { LogFilter } from '../../log-store.ts';
import { type Hex, timeOf } from './object-ids.ts';
import type { WatchContext } from './watch.ts';

/** A place between two logs, or before the first one, as any process can use it. */
export interface Position {
  /** Everything that was visible at this time precedes it; in milliseconds since 1970, 0 before all logs. */
  readonly ms: number;
  /** A log that precedes it, the newest one where that is known. */
  readonly previous: Hex | undefined;
}

/**
 * True if logs after a position may have been deleted. The oldest logs are deleted first: while a log before the
 * position is stored, none after it has been deleted. If only that log has expired, the age of the position shows
 * whether later ones may have, too.
 */
export async function isExpired(
  { collection, timing }: WatchContext,
  filter: LogFilter,
  { ms, previous }: Position,
): Promise<boolean> {
  if (ms === 0 || (previous !== undefined && (await collection.has(filter, previous)))) return false;
  const expiryMs = (await collection.expiryMs()) ?? Number.POSITIVE_INFINITY;
  // The time in a document may be earlier than the one in its ObjectId.
  const now = timing.now() + timing.lateMs;
  return ms + expiryMs <= now || (previous !== undefined && timeOf(previous) + expiryMs > now);
}
