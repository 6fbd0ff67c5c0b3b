import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { onRejection, writeHead } from '../hooks/wrapped-response.ts';
import { isHeaderValue, nominatedNames } from '../http.ts';
import { breakOff, hasBody } from './connection.ts';

/**
 * The header fields of every stream that we send. `no-transform` also keeps compression middleware from buffering it.
 */
export const streamHeaders: Readonly<Record<string, string>> = Object.freeze({
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'private, no-store, no-cache, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
});

/**
 * The fields of the upstream's response that browsers get, besides {@link streamHeaders}; undefined if none. Fields
 * that its Connection field names are not passed on. [R9]
 */
export function toBrowserHeaders(
  upstream: IncomingHttpHeaders,
  names: readonly string[],
): Record<string, string | string[]> | undefined {
  let picked: Record<string, string | string[]> | undefined;
  // undici passes repeated fields as a list.
  const nominated = nominatedNames(upstream.connection && String(upstream.connection));
  for (const name of names) {
    if (nominated.has(name)) continue;
    const value = upstream[name];
    // undici decodes values as UTF-8; one that can't be written as a field would make writeHead() throw.
    if (value === undefined || !(Array.isArray(value) ? value.every(isHeaderValue) : isHeaderValue(value))) continue;
    picked ??= {};
    picked[name] = value;
  }
  return picked;
}

/** Sends status 200 and the header fields of a stream, `extra` included, at once. */
export function sendStreamHeaders(
  req: IncomingMessage,
  res: ServerResponse,
  extra: Record<string, string | string[]> | undefined,
): void {
  sendStatus(req, res, extra);
  onRejection(res.flushHeaders(), () => breakOff(res));
}

/** Responds to HEAD: the header fields of a stream, and no body. */
export function sendHead(req: IncomingMessage, res: ServerResponse): void {
  sendStatus(req, res, undefined);
  onRejection(res.end(), () => breakOff(res));
}

function sendStatus(
  req: IncomingMessage,
  res: ServerResponse,
  extra: Record<string, string | string[]> | undefined,
): void {
  removeBodyHeaders(res);
  // A request's body is not read, so the connection can't be used again [R10].
  const closes = req.httpVersionMajor < 2 && hasBody(req);
  const headers = { ...extra, ...streamHeaders };
  writeHead(res, 200, closes ? { ...headers, Connection: 'close' } : headers, () => breakOff(res));
}

/** Removes the fields by which an earlier middleware described another body than ours. */
export function removeBodyHeaders(res: ServerResponse): void {
  for (const name of ['Content-Length', 'Content-Encoding', 'ETag']) if (res.hasHeader(name)) res.removeHeader(name);
}
