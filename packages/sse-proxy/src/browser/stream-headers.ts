import type { IncomingHttpHeaders } from 'node:http';

/** The header fields of every stream that we send. `no-transform` also keeps the compression middleware off. */
export const streamHeaders: Readonly<Record<string, string>> = Object.freeze({
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
});

/** Fields of the upstream's answer that reach the browser; all others stay here. */
const passDown = ['x-request-id', 'server-timing', 'traceresponse'];

/** What the browser gets of the upstream's header fields, besides {@link streamHeaders}; undefined: nothing. */
export function toBrowserHeaders(upstream: IncomingHttpHeaders): Record<string, string | string[]> | undefined {
  let picked: Record<string, string | string[]> | undefined;
  for (const name of passDown) {
    const value = upstream[name];
    if (value === undefined) continue;
    picked ??= {};
    picked[name] = value;
  }
  return picked;
}
