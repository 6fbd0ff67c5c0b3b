import type { RelayEntry } from '../../types.ts';
import { scanFrames } from './frame-scan.ts';
import { type RelayedStart, type RelayMeta, readMeta } from './relay-meta.ts';

/** The event that precedes a place in a log. */
export interface LastEvent {
  /** As a byte string. */
  readonly id: string;
  /** Its bytes; undefined if the log does not hold it. */
  readonly bytes: Buffer | undefined;
}

/** The upstream's state that the log reports last. */
export function lastState(entries: readonly RelayEntry[]): RelayMeta['state'] {
  return readMeta(entries.findLast(({ meta }) => readMeta(meta).state)?.meta ?? '').state;
}

/** Undefined if the upstream is not away. */
export function awayOnly(state: RelayMeta['state']): RelayMeta['state'] {
  return state?.state === 'restored' ? undefined : state;
}

/** The newest event, if it has an id; or else what the leader began behind. */
export function lastEvent(entries: readonly RelayEntry[]): LastEvent | undefined {
  const found = lastFrame(entries);
  if (found) return found.id === undefined ? undefined : { id: found.id, bytes: found.bytes };
  const { start } = lastStart(entries);
  return start?.cursor ? { id: start.cursor, bytes: undefined } : undefined;
}

/** The newest event. Entries that hold only comments are skipped. */
export function lastFrame(entries: readonly RelayEntry[]): { id: string | undefined; bytes: Buffer } | undefined {
  for (const { data } of entries.toReversed()) {
    const frame = data.length > 0 ? scanFrames(data).at(-1) : undefined;
    if (frame) return { id: frame.id, bytes: data.subarray(frame.start, frame.end) };
  }
  return undefined;
}

/** True if the leader began as a new listener and has received nothing yet. */
export function isFresh(entries: readonly RelayEntry[]): boolean {
  const { start, at } = lastStart(entries);
  return start?.isFresh === true && entries.slice(at).every(({ data }) => data.length === 0);
}

/** The newest start of a leader, and the index of its entry. */
function lastStart(entries: readonly RelayEntry[]): { start: RelayedStart | undefined; at: number } {
  const at = entries.findLastIndex(({ meta }) => readMeta(meta).start);
  return { start: readMeta(entries[at]?.meta ?? '').start, at };
}
