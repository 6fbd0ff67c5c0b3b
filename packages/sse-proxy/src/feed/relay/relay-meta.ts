import { SseProxyError, type SseProxyErrorCode } from '../../errors.ts';
import type { UpstreamState } from '../../sse/events.ts';
import type { CloseReason, RelayContent } from '../../types.ts';
import { isOwnId } from '../event-numbers.ts';
import type { Gap } from '../feed-parts.ts';

/** Why a feed has ended, as it is written to a log. */
export interface RelayedEnd {
  readonly reason: CloseReason;
  readonly code?: SseProxyErrorCode;
  readonly status?: number;
  readonly retryAfterMs?: number;
}

/** A leader begins to append. */
export interface RelayedStart {
  /** The upstream's id of the last event before what follows, as a byte string; empty if there is none. */
  readonly cursor: string;
  /**
   * Position of the entry that the following ones continue: a feed that has received everything up to there can go on.
   * Empty if they continue none.
   */
  readonly tail: string;
  /** True if what follows is all that the upstream sent to a new listener. */
  readonly isFresh: boolean;
}

/** What an entry of a log holds besides the bytes of events: at most one of the fields is set. */
export interface RelayMeta {
  /** The proxy's own id of the first event: see `EventNumbers`. Those that follow have the next numbers. */
  readonly ids?: string;
  readonly start?: RelayedStart;
  readonly gap?: Gap;
  readonly state?: { readonly state: UpstreamState; readonly since: number };
  readonly end?: RelayedEnd;
  /** The leader's upstream has accepted a request again: hooks may now make another one. */
  readonly connected?: true;
  /** The leader has left. */
  readonly left?: true;
}

const nothing = Buffer.alloc(0);
const noMeta: RelayMeta = {};
/** An entry that can't be read, such as one of a later version, is taken for the start of another log. */
const unreadable: RelayMeta = { start: { cursor: '', tail: '', isFresh: false } };

/** An entry without events. */
export function metaEntry(meta: RelayMeta): RelayContent {
  return { meta: JSON.stringify(meta), data: nothing };
}

/** An entry with events. `ids`: the proxy's own id of the first of them. */
export function dataEntry(data: Buffer, ids: string | undefined): RelayContent {
  return { meta: ids === undefined ? '' : JSON.stringify({ ids } satisfies RelayMeta), data };
}

export function readMeta(text: string): RelayMeta {
  if (text === '') return noMeta;
  try {
    const meta: unknown = JSON.parse(text);
    return isMeta(meta) ? meta : unreadable;
  } catch {
    return unreadable;
  }
}

function isMeta(value: unknown): value is RelayMeta {
  if (!isRecord(value)) return false;
  const { ids, start, gap, state, end } = value;
  return (
    (ids === undefined || (typeof ids === 'string' && isOwnId(ids))) &&
    (start === undefined || (isRecord(start) && typeof start.cursor === 'string' && typeof start.tail === 'string')) &&
    (gap === undefined || (isRecord(gap) && typeof gap.reason === 'string' && isTime(gap.from) && isTime(gap.to))) &&
    (state === undefined || (isRecord(state) && typeof state.state === 'string' && isTime(state.since))) &&
    (end === undefined || (isRecord(end) && typeof end.reason === 'string'))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Milliseconds since the epoch, in the range of `Date`. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15;
}

export function endMeta(reason: CloseReason, error: SseProxyError | undefined): RelayMeta {
  if (!error) return { end: { reason } };
  const { code, status, retryAfterMs } = error;
  return { end: { reason, code, status, ...(retryAfterMs !== undefined && { retryAfterMs }) } };
}

/** The error with which the feed ends in every instance. The log doesn't carry its cause. */
export function endError({ code, status, retryAfterMs }: RelayedEnd): SseProxyError | undefined {
  if (code === undefined) return undefined;
  return new SseProxyError(code, { ...(status !== undefined && { status }), retryAfterMs });
}
