/**
 * `later`: the browser may come back, so it is refused softly. `never`: it gets the status, and `EventSource` stops.
 */
type Verdict = 'later' | 'never';

// code → [status, reason sent to the browser, verdict, title]. One heading per code in docs/errors.md.
const table = {
  ERR_SSE_RUNTIME: [500, 'internal', 'never', 'Unsupported runtime'],
  ERR_SSE_OPTION: [500, 'internal', 'never', 'Invalid configuration'],
  ERR_SSE_METHOD: [405, 'method', 'never', 'Method not allowed'],
  ERR_SSE_NOT_ACCEPTABLE: [406, 'not-acceptable', 'never', 'This route only serves text/event-stream'],
  ERR_SSE_CROSS_SITE: [403, 'cross-site', 'never', 'Cross-site request refused'],
  ERR_SSE_FORBIDDEN: [403, 'forbidden', 'never', 'Not allowed'],
  ERR_SSE_PARAMETER: [400, 'parameter', 'never', 'Invalid path parameter'],
  ERR_SSE_PIPELINED: [503, 'pipelined', 'never', 'A stream cannot wait behind another response'],
  ERR_SSE_LIMIT: [503, 'limit', 'later', 'Too many streams'],
  ERR_SSE_LIMIT_KEY: [429, 'limit', 'later', 'Too many streams for this user'],
  ERR_SSE_LIMIT_RATE: [429, 'limit', 'later', 'Too many streams opened within a time'],
  ERR_SSE_LIMIT_UPSTREAMS: [503, 'limit', 'later', 'Too many upstream connections'],
  ERR_SSE_OVERLOAD: [503, 'overload', 'later', 'Too many streams to catch up at once'],
  ERR_SSE_DRAINING: [503, 'draining', 'later', 'The server is restarting'],
  ERR_SSE_HOOK: [500, 'internal', 'later', 'The stream could not be prepared'],
  ERR_SSE_HOOK_TIMEOUT: [503, 'internal', 'later', 'The stream could not be prepared in time'],
  ERR_SSE_INTERNAL: [500, 'internal', 'later', 'The stream could not be prepared'],
  ERR_SSE_UPSTREAM_CONNECT: [502, 'upstream', 'later', 'The upstream could not be reached'],
  ERR_SSE_UPSTREAM_TIMEOUT: [504, 'upstream', 'later', 'The upstream did not answer in time'],
  ERR_SSE_UPSTREAM_BUSY: [503, 'upstream', 'later', 'The upstream is temporarily unavailable'],
  ERR_SSE_UPSTREAM_TOKEN: [503, 'upstream', 'later', "The upstream did not accept the proxy's own credentials"],
  ERR_SSE_UPSTREAM_REFUSED: [502, 'upstream-refused', 'never', 'The upstream refused the stream'],
  ERR_SSE_UPSTREAM_NO_CONTENT: [204, 'upstream-done', 'never', 'The upstream has nothing more to send'],
  ERR_SSE_UPSTREAM_REDIRECT: [502, 'upstream-answer', 'never', 'The upstream answered with a redirect'],
  ERR_SSE_UPSTREAM_NOT_SSE: [502, 'upstream-answer', 'never', 'The upstream did not answer with an event stream'],
  ERR_SSE_UPSTREAM_PROTOCOL: [502, 'upstream-answer', 'never', 'The upstream broke the HTTP protocol'],
  ERR_SSE_UPSTREAM_BROKEN: [502, 'upstream', 'later', 'The upstream connection broke'],
  ERR_SSE_UPSTREAM_IDLE: [504, 'upstream', 'later', 'The upstream fell silent'],
  ERR_SSE_SOURCE: [502, 'upstream', 'later', 'The source of the events failed'],
  ERR_SSE_SOURCE_EVENT: [502, 'upstream', 'later', 'The source of the events sent a wrong event'],
  ERR_SSE_EVENT_TOO_LARGE: [502, 'upstream-answer', 'later', 'An upstream event was larger than maxEventBytes'],
  ERR_SSE_TRANSFORM: [500, 'internal', 'later', 'The transform of an event failed'],
} as const satisfies Record<string, readonly [number, string, Verdict, string]>;

/** Stable machine-readable codes; each has a heading in `docs/errors.md`. */
export type SseProxyErrorCode = keyof typeof table;

/** What an {@link SseProxyError} may carry besides its code. */
export interface SseProxyErrorDetails {
  /** For logs and observers; never sent to a browser. Control characters are escaped. @defaultValue the code's title */
  message?: string;
  /** The underlying error, for logs and observers; never sent to a browser. */
  cause?: unknown;
  /** Replaces the code's HTTP status by the upstream's own 4xx. */
  status?: number;
  /** How long the browser should stay away at least, in milliseconds: from a limiter, or an upstream's Retry-After. */
  retryAfterMs?: number | undefined;
  /** The name of the limit that was reached. */
  rule?: string;
}

/**
 * The only error class of this package.
 *
 * Thrown when a middleware is made from invalid options (`ERR_SSE_OPTION`), and passed to observers for everything
 * that fails later. A browser gets `code`, `status` and `title`, never `message` or `cause`.
 */
export class SseProxyError extends Error {
  /** Always `'SseProxyError'`. */
  override readonly name = 'SseProxyError';
  /** What failed; each code has a heading in `docs/errors.md`. */
  readonly code: SseProxyErrorCode;
  /** HTTP status of the response when the refusal is sent as a status. */
  readonly status: number;
  /** The `reason` in the refused event that a browser gets. */
  readonly reason: string;
  /** True if the browser may come back: the refusal is soft unless `refuse: 'status'` is set. */
  readonly temporary: boolean;
  /** Human-readable, the same for every occurrence of the code. */
  readonly title: string;
  /** How long the browser should stay away at least, in milliseconds; undefined if unknown. */
  readonly retryAfterMs: number | undefined;
  /** The name of the limit that was reached: `total`, `upstreams` or that of a rule; undefined for other errors. */
  readonly rule: string | undefined;

  constructor(code: SseProxyErrorCode, details: SseProxyErrorDetails = {}) {
    const [status, reason, verdict, title] = table[code];
    super(escapeControls(details.message ?? title), 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.status = details.status ?? status;
    this.reason = reason;
    this.temporary = verdict === 'later';
    this.title = title;
    this.retryAfterMs = details.retryAfterMs;
    this.rule = details.rule;
  }
}

/** True for an error of this package. Never throws, though a hook may throw a Proxy whose traps throw. */
export function isProxyError(value: unknown): value is SseProxyError {
  try {
    return value instanceof SseProxyError;
  } catch {
    return false;
  }
}

/** `cause` itself if it is an error of this package, otherwise an `ERR_SSE_INTERNAL` that wraps it. */
export function asProxyError(cause: unknown): SseProxyError {
  return isProxyError(cause) ? cause : new SseProxyError('ERR_SSE_INTERNAL', { cause });
}

/** Most characters of text from outside that a message contains, before they are escaped. [R56] */
const maxShown = 200;

/**
 * Controls, invisible format characters, line and paragraph separators, lone surrogates: with them a value could forge
 * a log line.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escapeControls(text: string): string {
  return text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * Text from outside as a message may contain it: on one line, without control characters, and of at most 200 characters
 * before they are escaped.
 */
export function printable(text: string): string {
  return escapeControls(text.length > maxShown ? `${text.slice(0, maxShown - 1)}…` : text);
}

/**
 * A value as a message may contain it. Of objects only the kind is shown: they may hold secrets. Never throws, though a
 * hook may throw or return a Proxy whose traps throw.
 */
export function show(value: unknown): string {
  try {
    return describe(value);
  } catch {
    return "an object that can't be read";
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(printable(value));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object (${kindOf(value)})`;
  return printable(String(value));
}

/** The kind of a value that may be a secret, such as a hook's result. */
export function showKind(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `a ${typeof value}` : show(value);
}

function kindOf(value: object): string {
  const { name } = value.constructor ?? { name: 'no prototype' };
  return typeof name === 'string' && name !== '' ? printable(name) : 'unnamed';
}
