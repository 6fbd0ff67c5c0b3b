import type { SseProxyErrorCode } from '../../src/index.ts';
import type { LimitKind, SseProxyOptions, StreamLimiter } from '../../src/types.ts';
import type { ProxyApp } from './app.ts';
import { until } from './until.ts';
import type { RawUpstream } from './upstream.ts';

/** Codes that no request is refused with: they end an open stream, or the package is not even loaded. */
type Late =
  | 'ERR_SSE_RUNTIME'
  | 'ERR_SSE_UPSTREAM_IDLE'
  | 'ERR_SSE_EVENT_TOO_LARGE'
  | 'ERR_SSE_SOURCE_EVENT'
  | 'ERR_SSE_TRANSFORM';

type Never =
  | 'ERR_SSE_OPTION'
  | 'ERR_SSE_METHOD'
  | 'ERR_SSE_NOT_ACCEPTABLE'
  | 'ERR_SSE_CROSS_SITE'
  | 'ERR_SSE_FORBIDDEN'
  | 'ERR_SSE_PARAMETER'
  | 'ERR_SSE_PIPELINED'
  | 'ERR_SSE_UPSTREAM_REFUSED'
  | 'ERR_SSE_UPSTREAM_NO_CONTENT'
  | 'ERR_SSE_UPSTREAM_REDIRECT'
  | 'ERR_SSE_UPSTREAM_NOT_SSE'
  | 'ERR_SSE_UPSTREAM_PROTOCOL';

/** How a request comes to be refused, and what its browser receives. */
export interface RefusalScene {
  readonly status: number;
  readonly reason: string;
  readonly title: string;
  readonly options?: Partial<SseProxyOptions>;
  /** The bytes of the upstream's response; `null` ends the connection; undefined: no response. */
  readonly answer?: string | null;
  /** Creates the situation in which the request is refused. */
  readonly before?: (it: ProxyApp & { up: RawUpstream; visit(id?: string): unknown }) => Promise<unknown>;
  /** Other request bytes than those of an EventSource. */
  readonly request?: string;
  readonly path?: string;
  /** Header lines besides those of every refusal by status. */
  readonly extra?: string;
  /** Whether the connection is closed after the response. */
  readonly closes?: true;
}

const limiter = (kind: LimitKind): StreamLimiter => ({ acquire: () => ({ ok: false, rule: 'user', kind }) });
const secrets = 'X-Request-Id: s3cret\r\nServer-Timing: s3cret\r\nSet-Cookie: s3cret=1\r\nWWW-Authenticate: s3cret\r\n';
const answering = (status: string, fields = '') =>
  `HTTP/1.1 ${status}\r\n${secrets}${fields}Content-Length: 6\r\n\r\ns3cret`;
const getting = (fields: string) => `GET /sse HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

/** Every code of a refusal that says "not now". */
export const later: Record<Exclude<SseProxyErrorCode, Late | Never>, RefusalScene> = {
  ERR_SSE_LIMIT: { status: 503, reason: 'limit', title: 'Too many streams', options: { limits: limiter('total') } },
  ERR_SSE_LIMIT_KEY: {
    status: 429,
    reason: 'limit',
    title: 'Too many streams for this user',
    options: { limits: limiter('max') },
  },
  ERR_SSE_LIMIT_RATE: {
    status: 429,
    reason: 'limit',
    title: 'Too many streams opened within a time',
    options: { limits: limiter('opensPerHour') },
  },
  ERR_SSE_LIMIT_UPSTREAMS: {
    status: 503,
    reason: 'limit',
    title: 'Too many upstream connections',
    options: { limits: limiter('upstreams') },
  },
  ERR_SSE_OVERLOAD: {
    status: 503,
    reason: 'overload',
    title: 'Too many streams to catch up at once',
    options: { share: true },
    // The first browser opens the feed. The ids of the others are unknown there: one is caught up at once, the others
    // after a second, and no more than 32 at the same time.
    before: async ({ up, visit }) => {
      visit();
      const first = await up.request();
      first.begin();
      await until(() => first.socket.writableLength === 0);
      for (let n = 1; n <= 32; n++) visit(`unknown-${n}`);
      await up.request(32);
    },
    request: getting('Last-Event-ID: s3cret\r\n'),
  },
  ERR_SSE_DRAINING: {
    status: 503,
    reason: 'draining',
    title: 'The server is restarting',
    before: ({ proxy }) => proxy.close(),
    // An open connection would hold up server.close().
    closes: true,
  },
  ERR_SSE_HOOK: {
    status: 500,
    reason: 'internal',
    title: 'The stream could not be prepared',
    options: { authorize: () => Promise.reject(new Error('s3cret')) },
  },
  ERR_SSE_HOOK_TIMEOUT: {
    status: 503,
    reason: 'internal',
    title: 'The stream could not be prepared in time',
    options: { upstreamHeaders: () => new Promise(() => {}), hookTimeoutMs: 10 },
  },
  ERR_SSE_INTERNAL: {
    status: 500,
    reason: 'internal',
    title: 'The stream could not be prepared',
    options: { target: 'http://127.0.0.1:9/:notInTheRoute' },
  },
  ERR_SSE_UPSTREAM_CONNECT: {
    status: 502,
    reason: 'upstream',
    title: 'The upstream could not be reached',
    options: { target: 'http://127.0.0.1:1/' },
  },
  ERR_SSE_UPSTREAM_TIMEOUT: {
    status: 504,
    reason: 'upstream',
    title: 'The upstream did not answer in time',
    options: { headersTimeoutMs: 10 },
  },
  ERR_SSE_UPSTREAM_BUSY: {
    status: 503,
    reason: 'upstream',
    title: 'The upstream is temporarily unavailable',
    answer: answering('500 s3cret', 'Content-Type: text/event-stream\r\n'),
  },
  ERR_SSE_UPSTREAM_TOKEN: {
    status: 503,
    reason: 'upstream',
    title: "The upstream did not accept the proxy's own credentials",
    options: { upstreamHeaders: { Authorization: 'Bearer s3cret' } },
    answer: answering('401 s3cret'),
  },
  ERR_SSE_UPSTREAM_BROKEN: { status: 502, reason: 'upstream', title: 'The upstream connection broke', answer: null },
  ERR_SSE_SOURCE: {
    status: 502,
    reason: 'upstream',
    title: 'The source of the events failed',
    options: { target: undefined as never, source: () => Promise.reject(new Error('s3cret')) },
  },
};

/** Every code of a refusal that says "never". */
export const never: Record<Never, RefusalScene> = {
  ERR_SSE_OPTION: {
    status: 500,
    reason: 'internal',
    title: 'Invalid configuration',
    options: { target: () => 's3cret' },
  },
  ERR_SSE_METHOD: {
    status: 405,
    reason: 'method',
    title: 'Method not allowed',
    request: 'POST /sse HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\ns3cret',
    extra: 'Allow: GET, HEAD\r\n',
    // Its body is not read.
    closes: true,
  },
  ERR_SSE_NOT_ACCEPTABLE: {
    status: 406,
    reason: 'not-acceptable',
    title: 'This route only serves text/event-stream',
    request: getting('Accept: text/html\r\n'),
  },
  ERR_SSE_CROSS_SITE: {
    status: 403,
    reason: 'cross-site',
    title: 'Cross-site request refused',
    request: getting('Origin: https://s3cret\r\n'),
  },
  ERR_SSE_FORBIDDEN: { status: 403, reason: 'forbidden', title: 'Not allowed', options: { authorize: () => false } },
  ERR_SSE_PARAMETER: {
    status: 400,
    reason: 'parameter',
    title: 'Invalid path parameter',
    options: { target: 'http://127.0.0.1:9/:id' },
    path: '/:id',
    request: 'GET /s3cret%2f HTTP/1.1\r\nHost: a\r\n\r\n',
  },
  ERR_SSE_PIPELINED: {
    status: 503,
    reason: 'pipelined',
    title: 'A stream cannot wait behind another response',
    request: `HEAD /sse HTTP/1.1\r\nHost: a\r\n\r\n${getting('')}`,
    // The first response has to be under way when the second request arrives.
    options: { authorize: async () => true },
  },
  ERR_SSE_UPSTREAM_REFUSED: {
    status: 418,
    reason: 'upstream-refused',
    title: 'The upstream refused the stream',
    answer: answering('418 s3cret', 'Content-Type: text/event-stream\r\nRetry-After: 1\r\n'),
  },
  ERR_SSE_UPSTREAM_NO_CONTENT: {
    status: 204,
    reason: 'upstream-done',
    title: '',
    answer: `HTTP/1.1 204 s3cret\r\n${secrets}\r\n`,
  },
  ERR_SSE_UPSTREAM_REDIRECT: {
    status: 502,
    reason: 'upstream-answer',
    title: 'The upstream answered with a redirect',
    answer: answering('307 s3cret', 'Location: https://elsewhere.example/?s3cret\r\n'),
  },
  ERR_SSE_UPSTREAM_NOT_SSE: {
    status: 502,
    reason: 'upstream-answer',
    title: 'The upstream did not answer with an event stream',
    answer: answering('200 OK', 'Content-Type: text/html\r\n'),
  },
  ERR_SSE_UPSTREAM_PROTOCOL: {
    status: 502,
    reason: 'upstream-answer',
    title: 'The upstream broke the HTTP protocol',
    answer: 's3cret\r\n\r\n',
  },
};
