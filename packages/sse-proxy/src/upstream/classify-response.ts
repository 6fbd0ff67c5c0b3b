import type { IncomingHttpHeaders } from 'node:http';
import type { UpstreamAddress } from '../config/target.ts';
import { printable, SseProxyError } from '../errors.ts';
import { isToken, listMembers, trimHttp } from '../http.ts';

/** The error that an upstream's status and header fields amount to; undefined if they begin an event stream. */
export function classifyResponse(
  status: number,
  headers: IncomingHttpHeaders,
  address: UpstreamAddress,
): SseProxyError | undefined {
  const message = `upstream responded with ${status}`;
  const retryAfterMs = retryAfter(headers['retry-after']);
  if (status === 204) return new SseProxyError('ERR_SSE_UPSTREAM_NO_CONTENT', { message });
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return new SseProxyError('ERR_SSE_UPSTREAM_BUSY', { message, retryAfterMs });
  }
  // Retry-After counts here too: at a resume, 404, 405 and a redirect are temporary. [R46]
  if (status >= 400) return new SseProxyError('ERR_SSE_UPSTREAM_REFUSED', { message, status, retryAfterMs });
  if (status >= 300) {
    return new SseProxyError('ERR_SSE_UPSTREAM_REDIRECT', {
      message: `${message} and ${redirectTarget(headers.location, address)}`,
      retryAfterMs,
    });
  }
  if (status !== 200) return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', { message });
  const essence = mediaType(headers['content-type']);
  if (essence !== 'text/event-stream') {
    return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', {
      message: `${message} and ${essence === undefined ? 'no type' : known(essence, knownTypes, 'type')}`,
    });
  }
  const coding = contentCoding(headers['content-encoding']);
  if (coding !== undefined) {
    return new SseProxyError('ERR_SSE_UPSTREAM_NOT_SSE', {
      message: `${message} and ${known(coding.toLowerCase(), knownCodings, 'Content-Encoding')}`,
    });
  }
  return undefined;
}

/** What a message may quote of a response. Any other value could be a secret in the wrong place. [R56] */
const knownTypes = new Set([
  ...['text/html', 'text/plain', 'text/xml', 'text/csv', 'application/json', 'application/problem+json'],
  ...['application/xml', 'application/xhtml+xml', 'application/x-ndjson', 'application/stream+json'],
  ...['application/octet-stream', 'application/grpc', 'multipart/mixed'],
]);
const knownCodings = new Set(['gzip', 'x-gzip', 'br', 'deflate', 'zstd', 'compress', 'x-compress']);

function known(value: string, values: ReadonlySet<string>, what: string): string {
  return values.has(value) ? `${what} ${value}` : `another ${what}`;
}

/**
 * Type and subtype in lower case, without parameters; of several, in a list or in repeated fields, the last valid one.
 * [R1] [spec] Fetch, "extract a MIME type"
 */
function mediaType(field: string | string[] | undefined): string | undefined {
  const values = [field ?? []].flat().flatMap(splitUnquoted);
  const essences = values.map((value) => trimHttp(value.split(';', 1)[0] as string).toLowerCase());
  return essences.findLast((essence) => {
    const [type = '', subtype = '', ...rest] = essence.split('/');
    return rest.length === 0 && isToken(type) && isToken(subtype) && essence !== '*/*';
  });
}

/** The members of a list; a comma in a quoted string separates nothing. [spec] Fetch, "get, decode, and split" */
function splitUnquoted(value: string): string[] {
  return value.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/gs) ?? [];
}

/** Values of Content-Encoding that stand for no coding: browsers read such bodies as they are. [R13] */
const noCodings = new Set(['identity', 'none', 'utf-8', 'utf8']);

/** The first real content coding; undefined if there is none. */
function contentCoding(field: string | string[] | undefined): string | undefined {
  const codings = listMembers([field ?? ''].flat().join(','));
  return codings.find((coding) => !noCodings.has(coding.toLowerCase()));
}

/** Origin and path of a Location: its query and its credentials may be secrets. [R5] */
function redirectTarget(field: string | string[] | undefined, { origin, path }: UpstreamAddress): string {
  const [location] = [field ?? []].flat();
  if (location === undefined) return 'no Location';
  const base = new URL(path, origin);
  if (!URL.canParse(location, base)) return 'a Location that is no URL';
  const url = new URL(location, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `a Location of scheme ${printable(url.protocol)}`;
  return `Location ${printable(url.origin + url.pathname)}`;
}

// [spec] RFC 9110 §10.2.3: seconds, or a date in one of three forms; that of asctime() names no zone and means UTC. If
// the field is repeated, the longest wait counts.
function retryAfter(field: string | string[] | undefined): number | undefined {
  const waits = [field ?? []].flat().map((text) => {
    const value = trimHttp(text);
    if (/^\d+$/.test(value)) return Number(value) * 1000;
    if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value)) return Number.NaN;
    return Date.parse(value.endsWith('GMT') ? value : `${value} GMT`) - Date.now();
  });
  const valid = waits.filter((ms) => !Number.isNaN(ms));
  return valid.length > 0 ? Math.max(0, ...valid) : undefined;
}
