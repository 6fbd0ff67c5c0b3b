import { showKind } from '../errors.ts';
import { isHeaderValue, isToken } from '../http.ts';
import type { SseProxyOptions } from '../types.ts';
import { isRecord, type Rule, refuseDescribed, refuseOption, text, value } from './rule.ts';

type UpstreamHeaders = NonNullable<SseProxyOptions['upstreamHeaders']>;

/** Fields that are never forwarded or added: they belong to one connection, or the proxy sets them itself. [R8] */
const managedUp = new Set([
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
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/**
 * Fields that are never passed to a browser: they would act on our origin, belong to one connection, or the proxy sets
 * them. [R9]
 */
const managedDown = new Set([
  ...['set-cookie', 'set-cookie2', 'clear-site-data', 'alt-svc', 'strict-transport-security'],
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings'],
  ...['content-type', 'content-length', 'content-encoding', 'cache-control', 'date', 'vary', 'x-accel-buffering'],
  'x-content-type-options',
]);

const fieldName = value('', text);

function isFreeUp(name: string): boolean {
  return isToken(name) && !managedUp.has(name) && !name.startsWith('proxy-');
}

function isFreeDown(name: string): boolean {
  const acts = name.startsWith('proxy-') || name.startsWith('access-control-') || name.startsWith('x-accel-');
  return isToken(name) && !managedDown.has(name) && !acts;
}

/** One name of `forwardHeaders`, in lower case. */
export const forwardedName: Rule<string> = (given, path) => {
  const name = fieldName(given ?? null, path).toLowerCase();
  if (name === 'cookie') refuseOption(path, 'no cookie: name the cookies in forwardCookies', name);
  if (!isFreeUp(name)) refuseOption(path, 'the name of a header field that a proxy may forward', name);
  return name;
};

/** One name of `responseHeaders`, in lower case. */
export const responseName: Rule<string> = (given, path) => {
  const name = fieldName(given ?? null, path).toLowerCase();
  if (!isFreeDown(name)) refuseOption(path, 'the name of a header field that an upstream may send to browsers', name);
  return name;
};

/** One name of `forwardQuery`. */
export const queryName: Rule<string> = (given, path) => {
  const name = fieldName(given ?? null, path);
  if (name === 'lastEventId') refuseOption(path, 'another name: lastEventId goes up as Last-Event-ID', name);
  return name;
};

const cookieNameSyntax = /^[!-:<>-~]+$/;

/** One name of `forwardCookies`. */
export const cookieName: Rule<string> = (given, path) => {
  const name = fieldName(given ?? null, path);
  if (!cookieNameSyntax.test(name)) refuseOption(path, "a cookie's name: printable ASCII without '=' and ';'", name);
  return name;
};

/** `scheme://authority`: printable ASCII without path, query, user or wildcard. */
const serialisedOrigin = /^[a-z][a-z0-9+.-]*:\/\/[!"$-),-.0->A-[\]-~]+$/;

/** One origin of `allowOrigins`; compared with Origin byte for byte. [R14] */
export const allowedOrigin: Rule<string> = (given, path) => {
  const origin = fieldName(given ?? null, path);
  const { protocol, origin: serialised } = URL.canParse(origin) ? new URL(origin) : { protocol: '', origin: '' };
  const isWeb = protocol === 'http:' || protocol === 'https:';
  // `new URL()` gives "null" as the origin of schemes that are not special, though browsers send scheme://host.
  const isExact = isWeb ? serialised === origin : protocol !== '' && protocol !== 'file:';
  if (!isExact || !serialisedOrigin.test(origin)) {
    refuseOption(path, "an origin such as 'https://admin.example' or 'capacitor://localhost', without a path", origin);
  }
  return origin;
};

/** `upstreamHeaders`: a function, or header fields as a frozen copy. */
export const upstreamHeadersRule: Rule<UpstreamHeaders> = (given, path) => {
  if (typeof given === 'function') return given as UpstreamHeaders;
  return Object.freeze({ ...checkUpstreamHeaders(path, given === undefined ? {} : given) });
};

/**
 * Checks header fields for the upstream, also those that a function returned.
 * @throws SseProxyError `ERR_SSE_OPTION`
 */
export function checkUpstreamHeaders(path: string, given: unknown): Record<string, string> {
  // A Headers or a Map has no members of its own: it would pass and set nothing.
  if (!isRecord(given) || Symbol.iterator in given)
    return refuseDescribed(path, 'an object of header names and values, or a function', showKind(given));
  for (const [field, content] of Object.entries(given)) {
    const name = field.toLowerCase();
    if (!isFreeUp(name) || name === 'last-event-id')
      refuseOption(path, 'names of header fields that may be set for the upstream', field);
    // The value may be a token: only its type is shown.
    if (typeof content !== 'string') refuseDescribed(`${path}.${field}`, 'a string', typeof content);
    if (!isHeaderValue(content as string))
      refuseDescribed(`${path}.${field}`, 'a header value without CR, LF or other control characters', 'one with them');
  }
  return given as Record<string, string>;
}
