import type { Response } from 'express';
import type { LogStreamError } from '../errors.ts';

/** Seconds after which a client may try again when the service is unavailable. */
const retryAfterSeconds = 5;

/** Sends an error as problem+json. [spec] RFC 9457 */
export function sendProblem(res: Response, { code, status, title, message: detail, parameter }: LogStreamError): void {
  // statusCode and end(), since Express's json() would add a charset to the media type, and an ETag.
  res.statusCode = status;
  if (status === 503) res.setHeader('Retry-After', String(retryAfterSeconds));
  res.setHeader('Content-Type', 'application/problem+json');
  res.setHeader('Cache-Control', 'no-store');
  res.end(JSON.stringify({ type: 'about:blank', title, status, code, detail, parameter }));
}
