import { SseProxyError, type SseProxyErrorCode } from '../../errors.ts';
import type { UpstreamState } from '../../sse/events.ts';
import type { CloseReason } from '../../types.ts';
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
   * Position of the entry that what follows continues: a feed that has received everything up to there goes on. Empty if it
   * continues none.
   */
  readonly tail: string;
  /** True if what follows is all that the upstream sent to a new listener. */
  readonly isFresh: boolean;
}

/** What an entry of a log tells beside events: at most one of the fields is set. */
export interface RelayMeta {
  readonly start?: RelayedStart;
  readonly gap?: Gap;
  readonly state?: { readonly state: UpstreamState; readonly since: number };
  readonly end?: RelayedEnd;
  /** The leader's upstream has accepted a request again: hooks may make another one now. */
  readonly connected?: true;
  /** The leader has left. */
  readonly left?: true;
}

const nothing = Buffer.alloc(0);
const noMeta: RelayMeta = {};

/** An entry without events. */
export function metaEntry(meta: RelayMeta): { meta: string; data: Buffer } {
  return { meta: JSON.stringify(meta), data: nothing };
}

export function readMeta(text: string): RelayMeta {
  return text === '' ? noMeta : (JSON.parse(text) as RelayMeta);
}

export function endMeta(reason: CloseReason, error: SseProxyError | undefined): RelayMeta {
  if (!error) return { end: { reason } };
  const { code, status, retryAfterMs } = error;
  return { end: { reason, code, status, ...(retryAfterMs !== undefined && { retryAfterMs }) } };
}

/** The error with which the feed ends in every instance. Its cause is known to the leader only. */
export function endError({ code, status, retryAfterMs }: RelayedEnd): SseProxyError | undefined {
  if (code === undefined) return undefined;
  return new SseProxyError(code, { ...(status !== undefined && { status }), retryAfterMs });
}
