import type { StreamErrorCode, StreamStatus } from './types.ts';

/** How an attempt ended, whether it ever became a stream or not. */
export interface Outcome {
  readonly status: Extract<StreamStatus, 'waiting' | 'refused' | 'unauthorized' | 'closed'>;
  readonly code: StreamErrorCode;
  readonly message: string;
  readonly httpStatus?: number;
  readonly reason?: string | undefined;
  /** The server wants nobody back sooner; not even a wake-up of the page changes that. */
  readonly notBeforeMs?: number;
}

/** An outcome after which it is tried again. */
export function failed(code: StreamErrorCode, message: string, more: Partial<Outcome> = {}): Outcome {
  return { status: 'waiting', code, message, ...more };
}

/** Text of a server's as a page may show it. */
export function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined;
}
