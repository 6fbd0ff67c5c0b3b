import type { Request } from 'express';
import { SseProxyError, showKind } from '../errors.ts';
import { refuseDescribed, refuseOption } from './rule.ts';

/** A checked target: the origin is fixed, the path may have `:name` segments. [R50] */
export interface TargetTemplate {
  readonly origin: string;
  /** Path segments after the first slash; `param` is the name of the route parameter that fills one. */
  readonly segments: readonly (string | { readonly param: string })[];
  /** The target's own query, without the question mark. */
  readonly query: string;
}

/** Where one upstream request goes, in the form that undici accepts. */
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

/** The part of a URL that an error may show: what can't be parsed may contain credentials or a token. */
function withoutSecrets(text: string): string {
  return text.replace(/^.*@/s, '…@').replace(/[?#].*$/s, '…');
}

/** An absolute http(s) URL without credentials. @throws SseProxyError `ERR_SSE_OPTION` */
function checkUrl(value: unknown, shown: unknown): URL {
  const expected = 'an absolute http: or https: URL';
  if (!(typeof value === 'string' || value instanceof URL)) return refuseOption('target', expected, shown);
  const text = String(value);
  if (!URL.canParse(text)) return refuseOption('target', expected, shown);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refuseOption('target', expected, url.protocol);
  // The URL is not shown: it contains the credentials.
  if (url.username || url.password)
    return refuseDescribed('target', `${expected} without credentials`, 'one with credentials');
  return url;
}

/**
 * Fills the template from `req.params`; every parameter becomes exactly one segment.
 *
 * @throws SseProxyError `ERR_SSE_PARAMETER` for a value that is not one segment, such as `..` or `a/b`
 * @throws SseProxyError `ERR_SSE_INTERNAL` if the route has no such parameter
 */
export function fillTarget(template: TargetTemplate, params: Request['params'] | undefined): UpstreamAddress {
  const path = template.segments.map((part) => (typeof part === 'string' ? part : encodeSegment(part.param, params)));
  return { origin: template.origin, path: withQuery(`/${path.join('/')}`, template.query) };
}

/** A target that a function returned. @throws SseProxyError `ERR_SSE_OPTION` */
export function addressOf(value: unknown): UpstreamAddress {
  const url = checkUrl(value, showKind(value));
  return { origin: url.origin, path: withQuery(url.pathname, url.search.slice(1)) };
}

function withQuery(path: string, query: string): string {
  return query ? `${path}?${query}` : path;
}

/** Servers often decode %2f before they route, so a slash is refused although it could be encoded. */
function encodeSegment(name: string, params: Request['params'] | undefined): string {
  if (!params) {
    const message = `target uses :${name}, but the request has no params: mount the proxy on a route, or make target a function`;
    throw new SseProxyError('ERR_SSE_INTERNAL', { message });
  }
  const value: unknown = Object.hasOwn(params, name) ? params[name] : undefined;
  if (value === undefined) {
    throw new SseProxyError('ERR_SSE_INTERNAL', {
      message: `target uses :${name}, but the route has no such parameter`,
    });
  }
  const isSegment = typeof value === 'string' && value !== '' && value !== '.' && value !== '..';
  if (!isSegment || /[/\\\x00-\x1f\x7f-\x9f]/.test(value)) {
    throw new SseProxyError('ERR_SSE_PARAMETER', { message: `path parameter ${name} is not one path segment` });
  }
  try {
    return encodeURIComponent(value);
  } catch (cause) {
    throw new SseProxyError('ERR_SSE_PARAMETER', { message: `path parameter ${name} is not valid Unicode`, cause });
  }
}
