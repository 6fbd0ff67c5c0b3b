import type { Request } from 'express';
import { SseProxyError, showKind } from '../errors.ts';
import { queryOf } from '../http.ts';
import { refuseOption } from './validate.ts';

/** A checked target: the origin is fixed, the path may have `:name` segments. */
export interface TargetTemplate {
  readonly origin: string;
  /** Path segments after the first slash; `param` names what fills one. */
  readonly segments: readonly (string | { readonly param: string })[];
  /** The target's own query, without the question mark. */
  readonly query: string;
}

/** Where one upstream request goes, as undici takes it. */
export interface UpstreamAddress {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
}

/** @throws SseProxyError `ERR_SSE_OPTION` */
export function parseTarget(value: unknown): TargetTemplate {
  const url = checkUrl(value, typeof value === 'string' ? withoutSecrets(value) : value);
  const segments = url.pathname
    .slice(1)
    .split('/')
    .map((segment) => {
      if (!segment.startsWith(':')) return segment;
      const param = segment.slice(1);
      if (!/^\w+$/.test(param)) refuseOption('target', "':name' segments of letters, digits and _", segment);
      return Object.freeze({ param });
    });
  return Object.freeze({ origin: url.origin, segments: Object.freeze(segments), query: url.search.slice(1) });
}

// What may be shown of a URL that cannot be parsed: it may hold credentials all the same.
function withoutSecrets(text: string): string {
  return text.replace(/^.*@/s, '…@').replace(/[?#].*$/s, '…');
}

/** The parts of an absolute http(s) URL without credentials. @throws SseProxyError `ERR_SSE_OPTION` */
export function checkUrl(value: unknown, shown = value): URL {
  const expected = 'an absolute http: or https: URL';
  if (!(typeof value === 'string' || value instanceof URL)) return refuseOption('target', expected, shown);
  const text = String(value);
  if (!URL.canParse(text)) return refuseOption('target', expected, shown);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refuseOption('target', expected, url.protocol);
  // The URL itself is not shown: it holds the credentials.
  if (url.username || url.password)
    return refuseOption('target', `${expected} without credentials`, 'one with credentials');
  return url;
}

/**
 * Fills the template from `req.params`; every parameter becomes exactly one segment.
 *
 * @throws SseProxyError `ERR_SSE_PARAMETER` for a value that is not one segment, such as `..` or `a/b`
 */
export function fillTarget(template: TargetTemplate, params: Request['params'], query: string): UpstreamAddress {
  const path = template.segments.map((part) =>
    typeof part === 'string' ? part : encodeSegment(part.param, params[part.param]),
  );
  return { origin: template.origin, path: withQuery(`/${path.join('/')}`, template.query, query) };
}

/** A target that a function gave. @throws SseProxyError `ERR_SSE_OPTION` */
export function addressOf(value: unknown, query: string): UpstreamAddress {
  const url = checkUrl(value, showKind(value));
  return { origin: url.origin, path: withQuery(url.pathname, url.search.slice(1), query) };
}

function withQuery(path: string, own: string, forwarded: string): string {
  const query = [own, forwarded].filter(Boolean).join('&');
  return query ? `${path}?${query}` : path;
}

// A slash is refused although it could be encoded: many servers decode %2f before they route.
function encodeSegment(name: string, value: unknown): string {
  if (value === undefined) {
    throw new SseProxyError('ERR_SSE_INTERNAL', { message: `target has :${name}, but the route's path has not` });
  }
  if (
    typeof value !== 'string' ||
    value === '' ||
    value === '.' ||
    value === '..' ||
    /[/\\\x00-\x1f\x7f]/.test(value)
  ) {
    throw new SseProxyError('ERR_SSE_PARAMETER', { message: `path parameter ${name} is not one path segment` });
  }
  try {
    return encodeURIComponent(value);
  } catch (cause) {
    throw new SseProxyError('ERR_SSE_PARAMETER', { message: `path parameter ${name} is not valid Unicode`, cause });
  }
}

/** The query string that goes up: `lastEventId` never does. */
export function forwardedQuery(originalUrl: string, names: readonly string[] | true): string {
  if (names !== true && names.length === 0) return '';
  const asked = queryOf(originalUrl) ?? [];
  const passed = [...asked].filter(([name]) => name !== 'lastEventId' && (names === true || names.includes(name)));
  return new URLSearchParams(passed).toString();
}
