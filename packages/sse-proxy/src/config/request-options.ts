import { showKind } from '../errors.ts';
import { isHeaderValue } from '../http.ts';
import type { SseProxyOptions } from '../types.ts';
import { defaults } from './defaults.ts';
import { isFreeHeaderName } from './free-headers.ts';
import * as check from './validate.ts';

type UpstreamHeaders = NonNullable<SseProxyOptions['upstreamHeaders']>;

/** `forwardHeaders`, in lower case. @throws SseProxyError `ERR_SSE_OPTION` */
export function forwardedHeaders(value: unknown): readonly string[] {
  const names = check.strings('forwardHeaders', value, defaults.forwardHeaders).map((name) => name.toLowerCase());
  for (const name of names) {
    if (name === 'cookie') check.refuseOption('forwardHeaders', 'no cookie: name the cookies in forwardCookies', name);
    if (!isFreeHeaderName(name))
      check.refuseOption('forwardHeaders', 'names of headers that a proxy may pass on', name);
  }
  return names;
}

/** `forwardQuery`. @throws SseProxyError `ERR_SSE_OPTION` */
export function forwardedQueryNames(value: unknown): readonly string[] | true {
  if (value === true) return true;
  const names = check.strings('forwardQuery', value, []);
  if (names.includes('lastEventId')) {
    check.refuseOption('forwardQuery', 'names other than lastEventId, which goes up as Last-Event-ID', 'lastEventId');
  }
  return names;
}

/** `upstreamHeaders`. @throws SseProxyError `ERR_SSE_OPTION` */
export function addedHeaders(value: unknown): UpstreamHeaders {
  if (typeof value === 'function') return value as UpstreamHeaders;
  return Object.freeze({ ...checkUpstreamHeaders('upstreamHeaders', check.ifSet(value)) });
}

/** Also what a function gave is checked, at the request. @throws SseProxyError `ERR_SSE_OPTION` */
export function checkUpstreamHeaders(name: string, value: unknown): Record<string, string> {
  // A Headers or a Map has no fields of its own: it would pass and set nothing.
  if (!check.isRecord(value) || Symbol.iterator in value)
    return check.refuseOption(name, 'an object of header names and values, or a function', showKind(value));
  for (const [field, content] of Object.entries(value)) {
    if (!isFreeHeaderName(field))
      check.refuseOption(`${name}`, 'names of headers that may be set for the upstream', field);
    // The value itself may be a token: it is not shown.
    if (typeof content !== 'string') check.refuseOption(`${name}.${field}`, 'a string', typeof content);
    if (!isHeaderValue(content as string))
      check.refuseOption(`${name}.${field}`, 'no CR, LF or other control character', 'one');
  }
  return value as Record<string, string>;
}

/** `allowOrigins`. @throws SseProxyError `ERR_SSE_OPTION` */
export function allowedOrigins(value: unknown): readonly string[] {
  const list = check.strings('allowOrigins', value, []);
  for (const origin of list) {
    // A host may hold a '*' as URLs go, but origins are compared as they stand.
    if (!URL.canParse(origin) || new URL(origin).origin !== origin || origin.includes('*')) {
      check.refuseOption('allowOrigins', "origins such as 'https://admin.example', without a path", origin);
    }
  }
  return list;
}
