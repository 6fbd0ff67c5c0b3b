import { SseProxyError } from '../errors.ts';

/** Routers send these while the upstream behind them is replaced. */
const sentByRouters = new Set([404, 405]);

/**
 * True if a refused resume is final [R46]: 204, and every 4xx except 404, 405, 408, 425 and 429. The browser's own next
 * request then receives that status. Everything else may be temporary, even a redirect or an HTML page.
 */
export function isFinalAtResume({ code, status }: SseProxyError): boolean {
  if (code === 'ERR_SSE_UPSTREAM_NO_CONTENT') return true;
  return code === 'ERR_SSE_UPSTREAM_REFUSED' && !sentByRouters.has(status);
}

/** True if the upstream responded with 401. */
export function isUnauthorized({ code, status }: SseProxyError): boolean {
  return code === 'ERR_SSE_UPSTREAM_REFUSED' && status === 401;
}

/**
 * The error for browsers that wait to move to a live feed which has ended with `error`. The live feed's request had
 * another Last-Event-ID than theirs, so a final refusal is not final for them: they reconnect.
 */
export function asTemporary(error: SseProxyError | undefined): SseProxyError | undefined {
  if (!error || error.temporary) return error;
  return new SseProxyError('ERR_SSE_UPSTREAM_BROKEN', {
    message: 'the upstream refused the shared feed',
    cause: error,
  });
}
