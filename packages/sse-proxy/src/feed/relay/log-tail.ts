import type { RelayEntry } from '../../types.ts';
import { idAfter } from '../event-numbers.ts';
import { scanFrames } from './frame-scan.ts';
import { type RelayedStart, type RelayMeta, readMeta } from './relay-meta.ts';

/** The event that precedes a place in a log. */
export interface LastEvent {
  /** The upstream's id, as a byte string; undefined if it has none. */
  readonly id: string | undefined;
  /** Its bytes; undefined if the log does not hold it. */
  readonly bytes: Buffer | undefined;
  /** The proxy's own id; undefined if it has none. */
  readonly ownId: string | undefined;
}

/** The upstream's state that the log reports last. */
export function lastState(entries: readonly RelayEntry[]): RelayMeta['state'] {
  return readMeta(entries.findLast(({ meta }) => readMeta(meta).state)?.meta ?? '').state;
}

/** Undefined if the upstream is not away. */
export function awayOnly(state: RelayMeta['state']): RelayMeta['state'] {
  return state?.state === 'restored' ? undefined : state;
}

/** The newest event, or what the leader began after. Undefined only if the leader's upstream has sent nothing yet. */
export function lastEvent(entries: readonly RelayEntry[]): LastEvent | undefined {
  if (isFresh(entries)) return undefined;
  const found = lastFrame(entries);
  if (found) return { id: found.id, bytes: found.bytes, ownId: lastOwnId(entries) };
  return { id: lastStart(entries).start?.cursor || undefined, bytes: undefined, ownId: undefined };
}

/** An event in a log. */
export interface LoggedEvent extends Omit<LastEvent, 'ownId'> {
  readonly bytes: Buffer;
  readonly entry: RelayEntry;
  /** Where it ends in the entry. */
  readonly end: number;
}

/** The newest event. Entries that hold only comments are skipped. */
export function lastFrame(entries: readonly RelayEntry[]): LoggedEvent | undefined {
  for (const entry of entries.toReversed()) {
    const { data } = entry;
    const frame = data.length > 0 ? scanFrames(data).at(-1) : undefined;
    if (frame) return { id: frame.id, bytes: data.subarray(frame.start, frame.end), entry, end: frame.end };
  }
  return undefined;
}

/** The proxy's own id of the newest event that has one. */
export function lastOwnId(entries: readonly RelayEntry[]): string | undefined {
  for (const { meta, data } of entries.toReversed()) {
    const { ids } = readMeta(meta);
    const event = ids === undefined ? undefined : scanFrames(data).findLast(({ isEvent }) => isEvent);
    if (ids !== undefined && event) return idAfter(ids, event.before);
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
