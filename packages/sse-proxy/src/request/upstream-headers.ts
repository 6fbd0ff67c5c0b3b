import type { Request } from 'express';

/** What {@link toUpstreamHeaders} needs to know of the route. */
export interface UpPolicy {
  readonly forwardHeaders: readonly string[];
  readonly forwardCookies: readonly string[];
}

/** The header fields of the upstream request, Last-Event-ID aside, as undici takes them: name, value, name, value, … */
export function toUpstreamHeaders(req: Request, policy: UpPolicy, extra: Record<string, string>): string[] {
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
