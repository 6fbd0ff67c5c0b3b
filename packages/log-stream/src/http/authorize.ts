import type { Request } from 'express';
import { LogStreamError } from '../errors.ts';
import type { LogScope, LogStreamOptions } from '../types.ts';

/** Milliseconds in which `authorize` must settle. */
const timeoutMs = 10_000;

/**
 * Asks `authorize` whether the client may read a workflow. Fails closed: whatever is not an expected result refuses.
 *
 * @returns the user's key, if `authorize` returned one
 * @throws LogStreamError `ERR_LOG_STREAM_UNAUTHENTICATED` (401), `ERR_LOG_STREAM_FORBIDDEN` (403) or `ERR_LOG_STREAM_HOOK`
 */
export async function authorized(
  authorize: LogStreamOptions['authorize'],
  req: Request,
  scope: LogScope,
): Promise<string | undefined> {
  if (authorize === undefined) return undefined;
  const result = await settled(async () => authorize(req, scope));
  if (result === true) return undefined;
  if (result === 401) {
    throw new LogStreamError('ERR_LOG_STREAM_UNAUTHENTICATED', 'Authorization: expected credentials that are valid');
  }
  if (result === false || result === 403) {
    throw new LogStreamError('ERR_LOG_STREAM_FORBIDDEN', 'The logs of this workflow may not be read by this client');
  }
  const key = typeof result === 'object' && result !== null ? (result as { key?: unknown }).key : undefined;
  if (typeof key === 'string' && key !== '') return key;
  // Not the value, which may be a credential.
  const expected = 'expected true, false, 401, 403 or { key } with a string that is not empty';
  throw new LogStreamError('ERR_LOG_STREAM_HOOK', `authorize: ${expected}, got ${typeof result}`);
}

async function settled(call: () => Promise<unknown>): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new LogStreamError('ERR_LOG_STREAM_HOOK', `authorize: did not settle within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([call(), late]);
  } catch (cause) {
    if (cause instanceof LogStreamError) throw cause;
    throw new LogStreamError('ERR_LOG_STREAM_HOOK', 'authorize failed', { cause });
  } finally {
    clearTimeout(timer);
  }
}
