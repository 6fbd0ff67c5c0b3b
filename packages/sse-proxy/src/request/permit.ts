import type { Request } from 'express';
import type { Config } from '../config/options.ts';
import { printable, SseProxyError, type SseProxyErrorCode } from '../errors.ts';
import { badHookResult, callHook, isPromiseLike } from '../hooks/call-hook.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import type { LimitAnswer, LimitKind, LimitRequest } from '../types.ts';

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

/** What a limiter granted; {@link releasePermit} gives it back. */
export type Permit = Extract<LimitAnswer, { ok: true }>;

/** Acquires a permit. @throws SseProxyError at a limit */
export async function acquirePermit(
  req: Request,
  key: string | undefined,
  config: Config,
  lifetime: Lifetime,
): Promise<Permit> {
  // A permit that arrives after its stream has ended is released at once.
  const unlessLate = (answer: LimitAnswer) => {
    if (lifetime.ended && answer?.ok === true) releasePermit(answer);
    return answer;
  };
  // The built-in limiter returns no promise: then nothing is awaited, and no timeout is started.
  const acquire = () => {
    const answer = config.limiter.acquire(new PermitRequest(req, key, lifetime));
    return isPromiseLike(answer) ? answer.then(unlessLate) : unlessLate(answer);
  };
  const answer: LimitAnswer = await callHook('limits.acquire', acquire, lifetime, config.hookTimeoutMs);
  if (answer?.ok === true && typeof answer.release === 'function') return answer;
  if (answer?.ok === false && typeof answer.rule === 'string' && Object.hasOwn(limitCodes, answer.kind)) {
    const { rule, kind, retryAfterMs } = answer;
    const message = `limit ${printable(rule)} reached: ${kind}`;
    throw new SseProxyError(limitCodes[kind], { message, rule: printable(rule), retryAfterMs });
  }
  throw badHookResult('limits.acquire', '{ ok: true, release } or { ok: false, rule, kind }', answer);
}

/** Gives a permit back. A limiter whose release fails can't keep the stream from ending. */
export function releasePermit(permit: Permit): void {
  try {
    const result: unknown = permit.release();
    if (isPromiseLike(result)) result.then(undefined, () => {});
  } catch {}
}
