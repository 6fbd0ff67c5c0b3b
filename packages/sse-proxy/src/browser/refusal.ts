import type { Request, Response } from 'express';
import { maxRetryMs, refusalRetryMs } from '../config/defaults.ts';
import type { SseProxyError } from '../errors.ts';
import { ownEvent } from '../sse/events.ts';
import { streamHeaders } from './stream-headers.ts';

/** What a refusal came to: for observers. */
export interface Refusal {
  readonly status: number;
  readonly retryMs: number | undefined;
}

/**
 * Says no. "Not now" is a 200 stream with a retry time, a refused event and an end, because `EventSource` gives up
 * for good on any other status; "never" is its status with a problem document (RFC 9457). Nothing of the error but
 * its code, status and title leaves the process.
 */
export function refuse(req: Request, res: Response, error: SseProxyError, mode: 'soft' | 'status'): Refusal {
  // Something else has begun the answer already: what is left to do is to break it off.
  if (res.headersSent) {
    res.destroy();
    return { status: res.statusCode, retryMs: undefined };
  }
  // A body that was sent along is not read: the connection could not be used again. While draining it must not be: a
  // kept connection would hold up server.close().
  const isLast = (req.method !== 'GET' && req.method !== 'HEAD') || error.code === 'ERR_SSE_DRAINING';
  if (isLast && req.httpVersionMajor < 2) res.set('Connection', 'close');
  const retryMs = error.temporary ? retryTime(error.retryAfterMs) : undefined;
  if (retryMs !== undefined && mode === 'soft' && req.method === 'GET') {
    res.writeHead(200, { ...streamHeaders });
    res.end(ownEvent('refused', { reason: error.reason, code: error.code, retryMs }, retryMs));
    return { status: 200, retryMs };
  }
  res.status(error.status);
  res.set('Cache-Control', 'no-store');
  if (retryMs !== undefined) res.set('Retry-After', String(Math.ceil(retryMs / 1000)));
  if (error.code === 'ERR_SSE_METHOD') res.set('Allow', 'GET, HEAD');
  if (error.status === 204) res.end();
  else {
    const problem = { title: error.title, status: error.status, code: error.code };
    res.set('Content-Type', 'application/problem+json').send(Buffer.from(JSON.stringify(problem)));
  }
  return { status: error.status, retryMs };
}

/** When a refused browser should come back: not before Retry-After, and not all at the same moment. */
export function retryTime(retryAfterMs = 0): number {
  const floor = Math.min(Math.max(refusalRetryMs, retryAfterMs || 0), maxRetryMs);
  return Math.round(floor * (1 + Math.random()));
}
