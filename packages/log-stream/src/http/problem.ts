import type { Response } from 'express';
import type { LogStreamError } from '../errors.ts';

/** Milliseconds after which a client may try again, if the error has no time of its own. */
const defaultRetryAfterMs = 5_000;
/** Statuses of temporary errors. */
const temporary = new Set([429, 503]);

/** Sends an error as problem+json. [spec] RFC 9457 */
export function sendProblem(res: Response, error: LogStreamError): void {
  const { code, status, title, detail, parameter, retryAfterMs = defaultRetryAfterMs } = error;
  // statusCode and end(), since Express's json() would add a charset to the media type, and an ETag.
  res.statusCode = status;
  if (temporary.has(status)) res.setHeader('Retry-After', String(Math.ceil(retryAfterMs / 1_000)));
  // [spec] RFC 9110, 15.5.2: a 401 names a way to authenticate.
  if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  res.setHeader('Content-Type', 'application/problem+json');
  res.setHeader('Cache-Control', 'no-store');
  res.end(JSON.stringify({ type: 'about:blank', title, status, code, detail, parameter }));
}
