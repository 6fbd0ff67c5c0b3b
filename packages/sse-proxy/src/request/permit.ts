import type { Request } from 'express';
import type { Config } from '../config/options.ts';
import { printable, SseProxyError, type SseProxyErrorCode } from '../errors.ts';
import { badHookResult, callHook, isPromiseLike } from '../hooks/call-hook.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import type { LimitKind, LimitRequest, LimitResult } from '../types.ts';

const limitCodes: Readonly<Record<LimitKind, SseProxyErrorCode>> = {
  total: 'ERR_SSE_LIMIT',
  upstreams: 'ERR_SSE_LIMIT_UPSTREAMS',
  max: 'ERR_SSE_LIMIT_KEY',
  opensPerMinute: 'ERR_SSE_LIMIT_RATE',
  opensPerHour: 'ERR_SSE_LIMIT_RATE',
};

/** A class: a getter in an object literal gives every object its own hidden class. */
class PermitRequest implements LimitRequest {
  readonly req: Request;
  readonly key: string | undefined;
  readonly #lifetime: Lifetime;

  constructor(req: Request, key: string | undefined, lifetime: Lifetime) {
    this.req = req;
    this.key = key;
    this.#lifetime = lifetime;
  }

  get signal(): AbortSignal {
    return this.#lifetime.signal;
  }
}

/** What a limiter granted. Release it by {@link releasePermit}. */
export type Permit = Extract<LimitResult, { ok: true }>;

/**
 * Acquires a permit. It is passed to `hold` as soon as it is granted, even after the request was aborted: `hold` has to
 * make sure that it is released once.
 *
 * @throws SseProxyError at a limit
 */
export async function acquirePermit(
  req: Request,
  key: string | undefined,
  config: Config,
  lifetime: Lifetime,
  hold: (permit: Permit) => void,
): Promise<void> {
  const onResult = (result: LimitResult) => {
    if (isPermit(result)) hold(result);
    return result;
  };
  // The built-in limiter returns no promise: then nothing is awaited, and no timeout is started.
  const acquire = () => {
    const result = config.limiter.acquire(new PermitRequest(req, key, lifetime));
    return isPromiseLike(result) ? Promise.resolve(result).then(onResult) : onResult(result);
  };
  const result: LimitResult = await callHook('limits.acquire', acquire, lifetime, config.hookTimeoutMs);
  if (isPermit(result)) return;
  if (result?.ok === false && typeof result.rule === 'string' && Object.hasOwn(limitCodes, result.kind)) {
    const { rule, kind, retryAfterMs } = result;
    const message = `limit ${printable(rule)} reached: ${kind}`;
    throw new SseProxyError(limitCodes[kind], { message, rule: printable(rule), retryAfterMs });
  }
  throw badHookResult('limits.acquire', '{ ok: true, release } or { ok: false, rule, kind }', result);
}

/** A rejected release concerns only the limiter. */
function ignore(): void {}

function isPermit(result: LimitResult): result is Permit {
  return result?.ok === true && typeof result.release === 'function';
}

/** Releases a permit. A limiter whose release fails can't keep the stream from ending. */
export function releasePermit(permit: Permit): void {
  try {
    const result: unknown = permit.release();
    if (isPromiseLike(result)) result.then(undefined, ignore);
  } catch {
    // As for a rejection: the stream ends anyway.
  }
}
