import type { SseProxyErrorCode } from '../../src/index.ts';
import type { SseProxyOptions } from '../../src/types.ts';
import type { UpstreamRequestSeen } from './upstream.ts';

/** The response head of an event stream. */
export const sse = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const event = 'id: s3cret-id\ndata: s3cret-event\n\n';
/** A whole event, as one chunk. */
export const chunk = `${event.length.toString(16)}\r\n${event}\r\n`;

/** Sent with every request: each credential and each id holds the one word that must not turn up anywhere. */
export const fields = {
  Authorization: 'Bearer s3cret-token',
  Cookie: 'session=s3cret-cookie',
  'Last-Event-ID': 's3cret-id',
  'X-Request-Id': 's3cret-request',
  'X-S3cret-Name': 's3cret-value',
  'User-Agent': 's3cret-agent',
  Referer: 'http://127.0.0.1/s3cret?s3cret',
};

/** A request or an upstream that carries secrets, and the error that it causes. */
export interface SecretScene {
  options?: Partial<SseProxyOptions>;
  upstream?: (request: UpstreamRequestSeen) => void;
  path?: string;
  fields?: Record<string, string | null>;
  /** The code that observers get last. */
  code: SseProxyErrorCode;
  /** True if the application itself threw the cause of the error. */
  hasOwnCause?: boolean;
}

/** Every place in which a request, a function of the application or an upstream can carry a secret. */
export const scenes: Record<string, SecretScene> = {
  'an Accept that excludes event streams': {
    fields: { Accept: 'text/s3cret' },
    code: 'ERR_SSE_NOT_ACCEPTABLE',
  },
  'a foreign page': { fields: { Origin: 'https://s3cret.example' }, code: 'ERR_SSE_CROSS_SITE' },
  'a path parameter that is refused': { path: '/sse/..%2fs3cret?token=s3cret', code: 'ERR_SSE_PARAMETER' },
  'authorize that says no': { options: { authorize: () => false }, code: 'ERR_SSE_FORBIDDEN' },
  'authorize that gives the token instead of an answer': {
    options: { authorize: (req) => req.headers.authorization as unknown as boolean },
    code: 'ERR_SSE_HOOK',
  },
  'a limit that was reached': {
    options: { limits: { acquire: () => ({ ok: false, rule: 'total', kind: 'total' }) } },
    code: 'ERR_SSE_LIMIT',
  },
  'a limit rule whose key is no string': {
    options: { limits: { rules: [{ name: 'user', key: (req) => [req.headers.cookie] as never, max: 1 }] } },
    code: 'ERR_SSE_HOOK',
  },
  'a target function that gives a relative URL': {
    options: { target: (req) => req.originalUrl },
    code: 'ERR_SSE_OPTION',
  },
  'a target function that gives credentials': {
    options: { target: () => 'https://user:s3cret@logs.example/' },
    code: 'ERR_SSE_OPTION',
  },
  'a target function that gives credentials and a wrong port': {
    options: { target: () => 'https://user:s3cret@logs.example:99999/' },
    code: 'ERR_SSE_OPTION',
  },
  'upstreamHeaders that give the bare token': {
    options: { upstreamHeaders: (req) => req.headers.authorization as unknown as Record<string, string> },
    code: 'ERR_SSE_OPTION',
  },
  'upstreamHeaders with a value that is none': {
    options: { upstreamHeaders: () => ({ 'x-token': 's3cret\r\nx: y' }) },
    code: 'ERR_SSE_OPTION',
  },
  'an upstream that cannot be reached': {
    options: { target: 'http://127.0.0.1:1/logs?token=s3cret' },
    code: 'ERR_SSE_UPSTREAM_CONNECT',
  },
  'authorize that throws': {
    options: {
      authorize: () => {
        throw new (class extends Error {
          override readonly name = 's3cret';
          readonly code = 's3cret';
        })('s3cret', { cause: 's3cret' });
      },
    },
    code: 'ERR_SSE_HOOK',
    hasOwnCause: true,
  },
  'upstreamHeaders that reject with a secret': {
    options: { upstreamHeaders: () => Promise.reject('s3cret') },
    code: 'ERR_SSE_HOOK',
    hasOwnCause: true,
  },
  'an upstream that refuses': {
    upstream: (request) => request.raw('HTTP/1.1 403 s3cret\r\nX-S: s3cret\r\nContent-Length: 6\r\n\r\ns3cret'),
    code: 'ERR_SSE_UPSTREAM_REFUSED',
  },
  'an upstream that redirects': {
    upstream: (request) =>
      request.raw('HTTP/1.1 302 Found\r\nLocation: http://logs.example/?s3cret\r\nContent-Length: 0\r\n\r\n'),
    code: 'ERR_SSE_UPSTREAM_REDIRECT',
  },
  'an upstream that redirects with credentials': {
    upstream: (request) =>
      request.raw('HTTP/1.1 302 s3cret\r\nLocation: http://u:s3cret@logs.example/#s3cret\r\nContent-Length: 0\r\n\r\n'),
    code: 'ERR_SSE_UPSTREAM_REDIRECT',
  },
  'an upstream that is busy': {
    upstream: (request) => request.raw('HTTP/1.1 503 s3cret\r\nContent-Length: 6\r\n\r\ns3cret'),
    code: 'ERR_SSE_UPSTREAM_BUSY',
  },
  'an upstream that answers HTML': {
    upstream: (request) => request.raw('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>s3cret'),
    code: 'ERR_SSE_UPSTREAM_NOT_SSE',
  },
  'an upstream whose header fields are secrets': {
    upstream: (request) =>
      request.raw('HTTP/1.1 200 s3cret\r\nX-S3cret: s3cret\r\nSet-Cookie: s3cret\r\nContent-Type: text/s3cret\r\n\r\n'),
    code: 'ERR_SSE_UPSTREAM_NOT_SSE',
  },
  'an upstream with a secret as its coding': {
    upstream: (request) =>
      request.raw('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; a=s3cret\r\nContent-Encoding: s3cret\r\n\r\n'),
    code: 'ERR_SSE_UPSTREAM_NOT_SSE',
  },
  'an upstream that answers no HTTP': {
    upstream: (request) => request.raw('s3cret s3cret\r\n\r\n'),
    code: 'ERR_SSE_UPSTREAM_PROTOCOL',
  },
  'an upstream that closes at once': {
    upstream: (request) => void request.socket.destroy(),
    code: 'ERR_SSE_UPSTREAM_BROKEN',
  },
  'a body that breaks the protocol amid an event': {
    upstream: (request) => request.raw(`${sse}zz\r\n${event}`),
    code: 'ERR_SSE_UPSTREAM_BROKEN',
  },
  'a body that is reset amid an event': {
    upstream(request) {
      request.raw(`${sse}c\r\ndata: s3cret\r\n`);
      request.socket.end();
    },
    code: 'ERR_SSE_UPSTREAM_BROKEN',
  },
  'an event that does not end': {
    options: { maxEventBytes: 20 },
    // 64 × maxEventBytes and a byte.
    upstream: (request) => request.raw(`${sse}501\r\ndata: ${'s3cret '.repeat(200).slice(0, 1_275)}\r\n`),
    code: 'ERR_SSE_EVENT_TOO_LARGE',
  },
  'a transform that gives nonsense': {
    options: { transform: (seen) => seen.data as unknown as null },
    upstream: (request) => request.raw(`${sse}${chunk}`),
    code: 'ERR_SSE_TRANSFORM',
  },
};
