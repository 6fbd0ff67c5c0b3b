import type { StreamError, StreamErrorCode, StreamStatus } from '../types.ts';

/** How an attempt ended, whether it ever became a stream or not. */
export interface Outcome {
  readonly status: Extract<StreamStatus, 'waiting' | 'refused' | 'unauthorized' | 'closed'>;
  readonly error: Omit<StreamError, 'at'>;
  /** The server wants nobody back sooner; not even a wake-up of the page changes that. */
  readonly notBeforeMs: number;
}

/** An outcome after which it is tried again, unless `then` says otherwise. */
export function failed(
  code: StreamErrorCode,
  message: string,
  { status, reason }: { status?: number; reason?: string | undefined } = {},
  then?: Partial<Outcome>,
): Outcome {
  const text = reason ? `${message}: ${reason}` : message;
  const error = { code, message: text, ...(status && { status }), ...(reason && { reason }) };
  return { status: 'waiting', notBeforeMs: 0, ...then, error };
}

/** Text of a server's as a page may show it. */
export function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;
}

/** Nothing is tried again after these. */
export const isFinal = (status: StreamStatus | undefined) => status === 'unauthorized' || status === 'closed';
