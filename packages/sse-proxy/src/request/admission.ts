import type { Request } from 'express';
import { maxLastEventIdBytes } from '../config/defaults.ts';
import type { Config } from '../config/options.ts';
import { SseProxyError } from '../errors.ts';
import { badHookResult, callHook, isPromiseLike } from '../hooks/call-hook.ts';
import { isHeaderValue, queryOf } from '../http.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import type { LimitAnswer, LimitRequest } from '../types.ts';

/** What a request must be, before anything is asked of anybody. @throws SseProxyError */
export function checkRequest(req: Request, config: Pick<Config, 'allowOrigins'>): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    throw new SseProxyError('ERR_SSE_METHOD', { message: `expected GET or HEAD, got ${req.method}` });
  }
  // What browsers' EventSource sends need not be weighed against anything.
  if (req.headers.accept !== 'text/event-stream' && !req.accepts('text/event-stream')) {
    throw new SseProxyError('ERR_SSE_NOT_ACCEPTABLE', { message: 'Accept excludes text/event-stream' });
  }
  checkOrigin(req, config.allowOrigins);
}

// [spec] Fetch Metadata; RFC 6454. A same-origin EventSource sends no Origin, so it is never required.
function checkOrigin(req: Request, allowed: readonly string[]): void {
  const { origin } = req.headers;
  if (origin !== undefined && allowed.includes(origin)) return;
  const site = req.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') {
    throw new SseProxyError('ERR_SSE_CROSS_SITE', { message: `Sec-Fetch-Site is ${site}` });
  }
  if (origin === undefined) return;
  // Behind a proxy that ends TLS, req.protocol is right only if Express' `trust proxy` is set.
  const own = `${req.protocol}://${req.host ?? req.headers.host}`;
  if (origin !== own && origin !== `${req.protocol}://${req.headers.host}`) {
    throw new SseProxyError('ERR_SSE_CROSS_SITE', { message: `Origin is not ours (${own}) and not in allowOrigins` });
  }
}

/**
 * The id the browser resumes from, as a byte string; empty without one. The header wins over `?lastEventId=`:
 * a browser that reconnects sends the newer one there.
 *
 * @throws SseProxyError `ERR_SSE_LAST_EVENT_ID` if it is too long or could not be a header
 */
export function readLastEventId(req: Request): string {
  const header = req.headers['last-event-id'] as string | undefined;
  const query = typeof header === 'string' ? undefined : queryOf(req.originalUrl)?.get('lastEventId');
  const id = header ?? Buffer.from(query ?? '').toString('latin1');
  if (id === '') return id;
  if (id.length > maxLastEventIdBytes) {
    const message = `Last-Event-ID has ${id.length} bytes, at most ${maxLastEventIdBytes} are taken`;
    throw new SseProxyError('ERR_SSE_LAST_EVENT_ID', { message });
  }
  if (!isHeaderValue(id)) {
    throw new SseProxyError('ERR_SSE_LAST_EVENT_ID', { message: 'Last-Event-ID holds control characters' });
  }
  return id;
}

/** Asks `authorize`; gives the key, if it gave one. @throws SseProxyError `ERR_SSE_FORBIDDEN` on a no */
export async function authorize(req: Request, config: Config, lifetime: Lifetime): Promise<string | undefined> {
  const hook = config.authorize;
  if (!hook) return undefined;
  const answer = await callHook('authorize', () => hook(req), lifetime, config.hookTimeoutMs);
  if (answer === true) return undefined;
  if (answer === false) throw new SseProxyError('ERR_SSE_FORBIDDEN', { message: 'authorize said no' });
  if (typeof answer?.key === 'string' && answer.key !== '') return answer.key;
  throw badHookResult('authorize', 'true, false or { key: string }', answer);
}

const limitCodes = { total: 'ERR_SSE_LIMIT', key: 'ERR_SSE_LIMIT_KEY', rate: 'ERR_SSE_LIMIT_RATE' } as const;

// A getter in an object literal would make every request a kind of object of its own, at 30 µs each.
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

/** What a limiter gave; it gets it back by {@link releasePermit}. */
export type Permit = Extract<LimitAnswer, { ok: true }>;

/** Takes a permit. @throws SseProxyError at a limit */
export async function acquirePermit(
  req: Request,
  key: string | undefined,
  config: Config,
  lifetime: Lifetime,
): Promise<Permit> {
  // A permit that comes too late for its stream is given back at once.
  const unlessLate = (answer: LimitAnswer) => {
    if (lifetime.ended && answer?.ok === true) releasePermit(answer);
    return answer;
  };
  // The built-in limiter answers at once: then there is nothing to wait for, and no timeout to set.
  const acquire = () => {
    const answer = config.limiter.acquire(new PermitRequest(req, key, lifetime));
    return isPromiseLike(answer) ? answer.then(unlessLate) : unlessLate(answer);
  };
  const answer: LimitAnswer = await callHook('limits.acquire', acquire, lifetime, config.hookTimeoutMs);
  if (answer?.ok === true && typeof answer.release === 'function') return answer;
  const code = answer?.ok === false ? limitCodes[answer.limit] : undefined;
  if (!code || answer.ok)
    throw badHookResult('limits.acquire', '{ ok: true, release } or { ok: false, limit }', answer);
  throw new SseProxyError(code, { message: `limit reached: ${answer.limit}`, retryAfterMs: answer.retryAfterMs });
}

/** Gives it back. A limiter that fails to take it is the limiter's loss: the stream goes on giving back the rest. */
export function releasePermit(permit: Permit): void {
  try {
    const result: unknown = permit.release();
    if (isPromiseLike(result)) result.then(undefined, () => {});
  } catch {}
}

/** The key of the per-key limits. @throws SseProxyError `ERR_SSE_HOOK` */
export async function limitKey(
  req: Request,
  authorized: string | undefined,
  config: Config,
  lifetime: Lifetime,
): Promise<string | undefined> {
  const hook = config.limitKey;
  if (authorized !== undefined || !hook) return authorized;
  const key: unknown = await callHook('limits.key', () => hook(req), lifetime, config.hookTimeoutMs);
  if (typeof key !== 'string' || key === '') throw badHookResult('limits.key', 'a string that is not empty', key);
  return key;
}
