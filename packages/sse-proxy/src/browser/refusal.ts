import type { IncomingMessage, ServerResponse } from 'node:http';
import { maxRetryMs, refusalRetryMs } from '../config/defaults.ts';
import type { SseProxyError } from '../errors.ts';
import { onRejection, writeHead } from '../hooks/wrapped-response.ts';
import { controlEvent } from '../sse/events.ts';
import { breakOff, closeAfter, hasBody } from './connection.ts';
import { removeBodyHeaders, streamHeaders } from './stream-headers.ts';

/** How a request was refused. */
export interface Refusal {
  /** HTTP status sent; 200 for a soft refusal. */
  readonly status: number;
  /** The retry time that the browser was sent, in milliseconds; undefined for "never". */
  readonly retryMs: number | undefined;
}

/** How to refuse. */
export interface RefuseOptions {
  readonly mode: 'soft' | 'status';
  /** True while the proxy closes: a connection that is kept alive would delay server.close(). */
  readonly isDraining: boolean;
}

/**
 * Refuses a request. "Later" is a 200 stream with a retry time, a refused event and an end, because `EventSource` gives
 * up for good on any other status; "never" is its status with a problem document (RFC 9457). Of the error, only code,
 * status, reason and title are sent. Needs no method of Express. Never throws.
 */
export function refuse(
  req: IncomingMessage,
  res: ServerResponse,
  error: SseProxyError,
  options: RefuseOptions,
): Refusal {
  // Something else has begun the response already: it can only be broken off.
  if (res.headersSent) {
    breakOff(res);
    return { status: res.statusCode, retryMs: undefined };
  }
  const retryMs = error.temporary ? retryTime(error.retryAfterMs) : undefined;
  const isSoft = retryMs !== undefined && options.mode === 'soft' && req.method === 'GET';
  try {
    // A request's body is not read, so the connection can't be used again.
    if ((req.method !== 'GET' && req.method !== 'HEAD') || hasBody(req) || options.isDraining) {
      if (req.httpVersionMajor < 2) res.setHeader('Connection', 'close');
      else closeAfter(res, options.isDraining);
    }
    removeBodyHeaders(res);
    if (isSoft) sendSoftly(res, error, retryMs);
    else sendStatus(res, error, retryMs);
  } catch {
    // A middleware's wrapper of the response failed.
    breakOff(res);
  }
  return { status: isSoft ? 200 : error.status, retryMs };
}

function sendSoftly(res: ServerResponse, error: SseProxyError, retryMs: number): void {
  writeHead(res, 200, { ...streamHeaders }, () => breakOff(res));
  onRejection(res.end(refusedEvent(error, retryMs)), () => breakOff(res));
}

/** The in-band form of a refusal. A final refusal also carries the status that the browser's next request will get. */
export function refusedEvent({ reason, code, status, temporary }: SseProxyError, retryMs: number): Buffer {
  return controlEvent('refused', { reason, code, retryMs, ...(!temporary && { status }) }, retryMs);
}

function sendStatus(res: ServerResponse, error: SseProxyError, retryMs: number | undefined): void {
  res.setHeader('Cache-Control', 'no-store');
  if (retryMs !== undefined) res.setHeader('Retry-After', String(Math.ceil(retryMs / 1000)));
  if (error.code === 'ERR_SSE_METHOD') res.setHeader('Allow', 'GET, HEAD');
  if (error.status === 204) return end(res, 204);
  const problem = Buffer.from(JSON.stringify({ title: error.title, status: error.status, code: error.code }));
  res.setHeader('Content-Type', 'application/problem+json');
  res.setHeader('Content-Length', problem.length);
  end(res, error.status, problem);
}

function end(res: ServerResponse, status: number, bytes?: Buffer): void {
  writeHead(res, status, {}, () => breakOff(res));
  onRejection(res.end(bytes), () => breakOff(res));
}

/** When a refused browser should come back, in milliseconds: not before Retry-After, and jittered up to twice that. */
export function retryTime(retryAfterMs = 0): number {
  const floor = Math.min(Math.max(refusalRetryMs, retryAfterMs || 0), maxRetryMs);
  return Math.round(floor * (1 + Math.random()));
}
