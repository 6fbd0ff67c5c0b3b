import { SseProxyError, showKind } from '../errors.ts';
import { ignoreRejection } from '../hooks/call-hook.ts';

const ignore = () => {};

/**
 * The iterator of what a source returned.
 *
 * @throws SseProxyError `ERR_SSE_SOURCE` if it is no async iterable
 */
export function iteratorOf(given: unknown): AsyncIterator<unknown> {
  const iterable = given as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const iterator: unknown = iterable?.[Symbol.asyncIterator]?.();
  if (typeof (iterator as Partial<AsyncIterator<unknown>> | undefined)?.next === 'function')
    return iterator as AsyncIterator<unknown>;
  ignoreRejection(iterator);
  const kind = iterable?.[Symbol.iterator] ? `${showKind(given)}, which is a sync iterable` : showKind(given);
  throw new SseProxyError('ERR_SSE_SOURCE', { message: `source must return an async iterable, returned ${kind}` });
}

/** Calls `return()`, and doesn't wait for it. Never throws. */
export function closeIterator(iterator: AsyncIterator<unknown>): void {
  try {
    iterator.return?.()?.then(ignore, ignore);
  } catch {
    // A failure to close concerns only the source.
  }
}

/** Closes what a source returned too late. Never throws. */
export function discard(given: unknown): void {
  try {
    closeIterator(iteratorOf(given));
  } catch {
    // There is nothing to close.
  }
}
