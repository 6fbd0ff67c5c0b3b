import type { StreamError, StreamErrorCode, StreamStatus } from '../types.ts';

/** How an attempt ended, whether or not it became a stream. */
export interface Outcome {
  readonly status: Extract<StreamStatus, 'waiting' | 'refused' | 'unauthorized' | 'closed'>;
  readonly error: Omit<StreamError, 'at'>;
  /** Lower bound for the wait, from Retry-After or from the proxy, in milliseconds. A wake-up does not shorten it. */
  readonly notBeforeMs: number;
}

interface Details {
  /** The HTTP status; 0 if there is none. */
  readonly status?: number;
  readonly reason?: string | undefined;
  readonly cause?: unknown;
}

/** An outcome that is retried, unless `then` overrides it. */
export function failed(
  code: StreamErrorCode,
  message: string,
  { status, reason, cause }: Details = {},
  then?: Partial<Outcome>,
): Outcome {
  const text = reason ? `${message}: ${reason}` : message;
  const error = {
    code,
    message: text,
    ...(status && { status }),
    ...(reason && { reason }),
    ...(cause !== undefined && { cause }),
  };
  return { status: 'waiting', notBeforeMs: 0, ...then, error };
}

/** Overrides of which statuses are retried. */
export type TemporaryStatuses = Readonly<Record<number, boolean>>;

/** The status after a response that is no event stream [R1]. */
export function statusAfter(status: number, temporary: TemporaryStatuses): Outcome['status'] {
  // [RFC 9110] After these a client may repeat the request.
  const isTemporary = status >= 500 || status < 400 || [408, 425, 429].includes(status);
  if (temporary[status] ?? (isTemporary && status !== 204)) return 'waiting';
  return [401, 403].includes(status) ? 'unauthorized' : 'closed';
}

/** Text from a server, cut to what a page can show. Undefined if the value is no string, or an empty one. */
export function shortText(value: unknown): string | undefined {
  return (typeof value === 'string' && value.slice(0, 200)) || undefined;
}

/** True for the statuses that are not followed by another attempt. */
export const isFinal = (status: StreamStatus | undefined) => status === 'unauthorized' || status === 'closed';
