import type { IncomingHttpHeaders } from 'node:http';
import type { Request } from 'express';
import { SseProxyError } from './errors.ts';

/** A field name. [spec] RFC 9110 §5.6.2, token */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A field value as a byte string: no controls but tab. [spec] RFC 9110 §5.5 */
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Never taken from a browser or from `upstreamHeaders`: they belong to the connection, or this proxy sets them. */
const managed = new Set([
  'accept',
  'accept-encoding',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'last-event-id',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/** Whether `value` is a field name that may be forwarded or added. */
export function isFreeHeaderName(value: string): boolean {
  const name = value.toLowerCase();
  return token.test(name) && !managed.has(name) && !name.startsWith('proxy-');
}

/** Whether `value` can be sent as a field value, byte for byte. */
export function isHeaderValue(value: string): boolean {
  return fieldValue.test(value);
}

/** What {@link upHeaders} needs to know of the route. */
export interface UpPolicy {
  readonly forwardHeaders: readonly string[];
  readonly forwardCookies: readonly string[];
}

/** The header fields of the upstream request, Last-Event-ID aside, as undici takes them: name, value, name, value, … */
export function upHeaders(req: Request, policy: UpPolicy, extra: Record<string, string>): string[] {
  const fields: string[] = [];
  const nominated = namedByConnection(req.headers.connection);
  for (const name of policy.forwardHeaders) {
    const value = name.startsWith('x-forwarded-') ? forwarded(req, name) : req.headers[name];
    if (value !== undefined && !nominated.has(name)) setField(fields, name, String(value));
  }
  if (!nominated.has('cookie')) {
    const cookies = pickCookies(req.headers.cookie, policy.forwardCookies);
    if (cookies) setField(fields, 'cookie', cookies);
  }
  for (const name of Object.keys(extra)) setField(fields, name.toLowerCase(), extra[name] as string);
  fields.push('accept', 'text/event-stream');
  fields.push('accept-encoding', 'identity');
  fields.push('cache-control', 'no-cache');
  fields.push('via', `${req.httpVersion} sse-proxy`);
  return fields;
}

/** The last value given for a name counts. */
function setField(fields: string[], name: string, value: string): void {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    fields[i + 1] = value;
    return;
  }
  fields.push(name, value);
}

const noNames: ReadonlySet<string> = new Set();

// [spec] RFC 9110 §7.6.1: fields that Connection names end at this hop.
function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive') return noNames;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

// What a browser claims in these never passes as it is: Express' trust proxy decides what to believe.
function forwarded(req: Request, name: string): string | undefined {
  if (name === 'x-forwarded-for') return [...(req.ips ?? []), req.socket.remoteAddress].filter(Boolean).join(', ');
  if (name === 'x-forwarded-proto') return req.protocol;
  // Express 4 cuts the port off `host`, and Host itself is not subject to trust proxy when nothing was forwarded.
  if (name === 'x-forwarded-host') return req.host ?? req.headers.host;
  return undefined;
}

function pickCookies(header: string | undefined, names: readonly string[]): string {
  if (!header || names.length === 0) return '';
  const pairs = header.split(';').map((pair) => pair.trim());
  return pairs.filter((pair) => names.some((name) => pair.startsWith(`${name}=`))).join('; ');
}

/** The header fields of every stream that we send. `no-transform` also keeps the compression middleware off. */
export const streamHeaders: Readonly<Record<string, string>> = Object.freeze({
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
});

/** Fields of the upstream's answer that reach the browser; all others stay here. */
const passDown = ['x-request-id', 'server-timing', 'traceresponse'];

/** What the browser gets of the upstream's header fields, besides {@link streamHeaders}; undefined: nothing. */
export function downHeaders(upstream: IncomingHttpHeaders): Record<string, string | string[]> | undefined {
  let picked: Record<string, string | string[]> | undefined;
  for (const name of passDown) {
    const value = upstream[name];
    if (value === undefined) continue;
    picked ??= {};
    picked[name] = value;
  }
  return picked;
}

/** The error that an upstream's status and header fields amount to; undefined if they begin an event stream. */
export function judgeAnswer(status: number, headers: IncomingHttpHeaders): SseProxyError | undefined {
  const message = `upstream answered ${status}`;
  if (status === 204) return new SseProxyError('ERR_SSE_UPSTREAM_NO_CONTENT', { message });
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return new SseProxyError('ERR_SSE_UPSTREAM_BUSY', { message, retryAfterMs: retryAfter(headers['retry-after']) });
  }
  if (status >= 400) return new SseProxyError('ERR_SSE_UPSTREAM_REFUSED', { message, status });
  if (status >= 300) return new SseProxyError('ERR_SSE_UPSTREAM_REDIRECT', { message });
  if (status !== 200) return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', { message });
  // [spec] the MIME type's essence decides; parameters and case do not.
  const essence = String(headers['content-type'] ?? '')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase();
  if (essence !== 'text/event-stream') {
    return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', {
      message: `upstream answered 200 with type ${essence || 'none'}`,
    });
  }
  const coding = String(headers['content-encoding'] ?? 'identity')
    .trim()
    .toLowerCase();
  if (coding !== 'identity') {
    return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', {
      message: `upstream answered with Content-Encoding ${coding}`,
    });
  }
  return undefined;
}

// [spec] RFC 9110 §10.2.3: seconds, or a date.
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
