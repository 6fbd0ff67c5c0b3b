import type { Request } from 'express';
import { LogStreamError } from '../errors.ts';
import type { LogScope, LogStreamOptions } from '../types.ts';

/** Milliseconds in which `authorize` must settle. */
const timeoutMs = 10_000;

/**
 * Calls `authorize`, which decides whether the client may read a workflow. Fails closed: an unexpected result refuses.
 *
 * @param onKey called with the user's key if `authorize` returned one, even if it refuses
 * @throws LogStreamError `ERR_LOG_STREAM_UNAUTHENTICATED` (401), `ERR_LOG_STREAM_FORBIDDEN` (403) or
 * `ERR_LOG_STREAM_HOOK`
 */
export async function authorized(
  authorize: LogStreamOptions['authorize'],
  req: Request,
  scope: LogScope,
  onKey: (key: string) => void,
): Promise<void> {
  if (authorize === undefined) return;
  const result = await settled(async () => authorize(req, scope));
  if (result === true) return;
  if (result === 401) {
    throw new LogStreamError('ERR_LOG_STREAM_UNAUTHENTICATED', 'Authorization: expected credentials that are valid');
  }
  if (result === false || result === 403) throw forbidden();
  const user: { key?: unknown; allowed?: unknown } = Object(result);
  const { key } = user;
  const allowed = 'allowed' in user ? user.allowed : true;
  if (typeof key !== 'string' || key === '' || typeof allowed !== 'boolean') {
    // Not the value, which may be a credential.
    const expected =
      'expected true, false, 401, 403 or { key: string, allowed?: boolean } with a key that is not empty';
    throw new LogStreamError('ERR_LOG_STREAM_HOOK', `authorize: ${expected}, got ${typeof result}`);
  }
  onKey(key);
  if (!allowed) throw forbidden();
}

function forbidden(): LogStreamError {
  return new LogStreamError('ERR_LOG_STREAM_FORBIDDEN', 'The logs of this workflow may not be read by this client');
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
