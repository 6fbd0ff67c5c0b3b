import type { Request } from 'express';
import type { Config } from '../config/options.ts';
import { SseProxyError } from '../errors.ts';
import { isHeaderValue, nominatedNames, trimHttp } from '../http.ts';
import { forwardedFor, protocolOf, publicHost, trustsPeer } from './browser-address.ts';

/** Sent unless the route forwards the browser's User-Agent: some firewalls refuse requests without one. */
const ownUserAgent = 'datashop-sse-proxy';

/** What an upstream request consists of besides its address and Last-Event-ID. */
export interface UpstreamFields {
  /** name, value, name, value, … */
  readonly headers: string[];
  /** True if Authorization came from `upstreamHeaders`. */
  readonly hasOwnAuthorization: boolean;
}

/** The header fields of the upstream request [R8]. */
export function toUpstreamHeaders(
  req: Request,
  policy: Pick<Config, 'forwardHeaders' | 'forwardCookies'>,
  extra: Record<string, string>,
): UpstreamFields {
  const fields: string[] = [];
  const nominated = nominatedNames(req.headers.connection);
  for (const name of policy.forwardHeaders) {
    const value = fieldValue(req, name, nominated);
    if (value === undefined) continue;
    // Only a middleware can set such a value. Without the field the upstream might grant more rights.
    if (!isHeaderValue(value)) {
      const message = `header field ${name}, set by an earlier middleware, is not a header value`;
      throw new SseProxyError('ERR_SSE_INTERNAL', { message });
    }
    setField(fields, name, value);
  }
  if (!endsHere(req, 'cookie', nominated)) {
    const cookies = pickCookies(req.headers.cookie, policy.forwardCookies);
    if (cookies) setField(fields, 'cookie', cookies);
  }
  let hasOwnAuthorization = false;
  for (const key of Object.keys(extra)) {
    const name = key.toLowerCase();
    if (name === 'authorization') hasOwnAuthorization = true;
    setField(fields, name, extra[key] as string);
  }
  if (!hasField(fields, 'user-agent')) fields.push('user-agent', ownUserAgent);
  fields.push('accept', 'text/event-stream');
  fields.push('accept-encoding', 'identity');
  fields.push('cache-control', 'no-cache');
  fields.push('via', `${req.httpVersion} sse-proxy`);
  return { headers: fields, hasOwnAuthorization };
}

/** Computed X-Forwarded-* fields are the proxy's own, so Connection can't nominate them. */
function fieldValue(req: Request, name: string, nominated: ReadonlySet<string>): string | undefined {
  if (name === 'x-forwarded-for') return forwardedFor(req) || undefined;
  if (name === 'x-forwarded-proto') return protocolOf(req);
  if (name === 'x-forwarded-host') return publicHost(req);
  const value = req.headers[name];
  if (value === undefined || endsHere(req, name, nominated)) return undefined;
  // Other fields of the family, such as x-forwarded-user, are forwarded only from a trusted proxy or an earlier
  // middleware.
  if (name.startsWith('x-forwarded-') && isAsBrowserSent(req, name) && !trustsPeer(req)) return undefined;
  return String(value);
}

/** Replaces the field, or adds it. */
function setField(fields: string[], name: string, value: string): void {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    fields[i + 1] = value;
    return;
  }
  fields.push(name, value);
}

function hasField(fields: readonly string[], name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return true;
  return false;
}

/**
 * Whether a field ends at this hop: the browser's Connection header nominates it, and the browser sent it. A field that
 * an earlier middleware set or changed is forwarded, so that a browser can't remove it. [spec] RFC 9110 §7.6.1
 */
function endsHere(req: Request, name: string, nominated: ReadonlySet<string>): boolean {
  return nominated.has(name) && isAsBrowserSent(req, name);
}

/** Whether a field has the value that arrived on the connection: no middleware has set or changed it. */
function isAsBrowserSent(req: Request, name: string): boolean {
  const sent = (req.rawHeaders ?? []).filter(
    (_, index, raw) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name,
  );
  const value = String(req.headers[name]);
  // Of repeated fields Node keeps the first or joins all, depending on the name.
  return sent.length > 0 && [sent[0], sent.join(', '), sent.join('; ')].includes(value);
}

function pickCookies(header: string | undefined, names: readonly string[]): string {
  if (!header || names.length === 0) return '';
  const pairs = header.split(';').map(trimHttp);
  return pairs.filter((pair) => names.some((name) => pair.startsWith(`${name}=`))).join('; ');
}
