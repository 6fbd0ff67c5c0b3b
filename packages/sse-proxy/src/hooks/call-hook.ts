import { isProxyError, SseProxyError, showKind } from '../errors.ts';
import { type Lifetime, StreamEnded } from '../lifecycle/lifetime.ts';
import { startTimeout } from '../lifecycle/timeout.ts';
import type { Awaitable } from '../types.ts';

/**
 * Calls a user's function. If it throws, rejects or never settles, only this request fails [R45].
 *
 * @throws SseProxyError `ERR_SSE_HOOK` with its error as cause, `ERR_SSE_HOOK_TIMEOUT` after `timeoutMs`
 * @throws StreamEnded if the stream ends first
 */
export async function callHook<T>(
  name: string,
  hook: () => Awaitable<T>,
  lifetime: Lifetime,
  timeoutMs: number,
): Promise<T> {
  let stopTimeout = () => {};
  try {
    const result = hook();
    if (!isPromiseLike(result)) {
      if (lifetime.ended) throw new StreamEnded();
      return result;
    }
    const late = new Promise<never>((_, reject) => {
      stopTimeout = startTimeout(timeoutMs, () => {
        const message = `${name} did not settle within hookTimeoutMs (${timeoutMs})`;
        reject(new SseProxyError('ERR_SSE_HOOK_TIMEOUT', { message }));
      });
    });
    return await lifetime.race(Promise.race([result, late]));
  } catch (cause) {
    if (lifetime.ended || isProxyError(cause)) throw cause;
    throw new SseProxyError('ERR_SSE_HOOK', { message: `${name} failed`, cause });
  } finally {
    stopTimeout();
  }
}

/** True if a hook's result must be awaited. */
export function isPromiseLike<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function';
}

/**
 * Handles the rejection of a value that should not be a promise: unhandled, it would end the process [R45]. Never
 * throws.
 */
export function ignoreRejection(value: unknown): void {
  try {
    if (isPromiseLike(value)) value.then(undefined, () => {});
  } catch {
    // It was no promise.
  }
}

/** The error for a hook's result of the wrong form. The result may be a secret, so only its kind is shown. */
export function badHookResult(name: string, expected: string, got: unknown): SseProxyError {
  return new SseProxyError('ERR_SSE_HOOK', { message: `${name} must return ${expected}, returned ${showKind(got)}` });
}
