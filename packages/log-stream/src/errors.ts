// code → [HTTP status, title]. The README lists every code.
const table = {
  ERR_LOG_STREAM_NODE: [500, 'Unsupported Node.js version'],
  ERR_LOG_STREAM_OPTION: [500, 'Invalid option'],
  ERR_LOG_STREAM_DOCUMENT: [500, 'Invalid log document'],
  ERR_LOG_STREAM_PARAMETER: [400, 'Bad Request'],
  ERR_LOG_STREAM_PATH: [400, 'Bad Request'],
  ERR_LOG_STREAM_TOKEN_MISSING: [401, 'Unauthorized'],
  ERR_LOG_STREAM_TOKEN_WRONG: [403, 'Forbidden'],
  ERR_LOG_STREAM_UNAUTHENTICATED: [401, 'Unauthorized'],
  ERR_LOG_STREAM_FORBIDDEN: [403, 'Forbidden'],
  ERR_LOG_STREAM_NOT_FOUND: [404, 'Not Found'],
  ERR_LOG_STREAM_METHOD: [405, 'Method Not Allowed'],
  ERR_LOG_STREAM_LIMIT_KEY: [429, 'Too Many Requests'],
  ERR_LOG_STREAM_LIMIT_RATE: [429, 'Too Many Requests'],
  ERR_LOG_STREAM_LIMIT: [503, 'Service Unavailable'],
  ERR_LOG_STREAM_CLOSING: [503, 'Service Unavailable'],
  ERR_LOG_STREAM_HOOK: [503, 'Service Unavailable'],
  ERR_LOG_STREAM_STORE: [503, 'Service Unavailable'],
} as const satisfies Record<string, readonly [number, string]>;

/** Stable machine-readable codes. */
export type LogStreamErrorCode = keyof typeof table;

/** What a {@link LogStreamError} may carry besides its code and message. */
export interface LogStreamErrorDetails extends ErrorOptions {
  /** Name of the query parameter at fault. */
  parameter?: string;
  /** The value of that parameter. It may be a secret, so only {@link LogStreamError.detail} contains it. */
  got?: string;
  /** Milliseconds after which the client may try again. */
  retryAfterMs?: number;
  /** Name of the limit that was reached. */
  rule?: string;
}

/**
 * The only error class of this package.
 *
 * Thrown for invalid options and log documents; sent as `application/problem+json` for everything that is wrong with a
 * request.
 */
export class LogStreamError extends Error {
  /** Always `'LogStreamError'`. */
  override readonly name = 'LogStreamError';
  /** What failed; the README lists every code. */
  readonly code: LogStreamErrorCode;
  /** HTTP status of the response. */
  readonly status: number;
  /** The same text for every error with this code. */
  readonly title: string;
  /** Name of the query parameter at fault, if one is. */
  readonly parameter: string | undefined;
  /** Milliseconds after which the client may try again, if that is known. */
  readonly retryAfterMs: number | undefined;
  /** Name of the limit that was reached: `total`, `pages` or that of a rule; undefined for other errors. */
  readonly rule: string | undefined;
  // Private, so that no logger prints it with the error.
  readonly #got: string | undefined;

  constructor(
    code: LogStreamErrorCode,
    message: string,
    { parameter, got, retryAfterMs, rule, ...options }: LogStreamErrorDetails = {},
  ) {
    super(message, options);
    this.code = code;
    [this.status, this.title] = table[code];
    this.parameter = parameter;
    this.retryAfterMs = retryAfterMs;
    this.rule = rule;
    this.#got = got;
  }

  /** The message, and the value that arrived: for the client that sent it, never for a log line [R56]. */
  get detail(): string {
    return this.#got === undefined ? this.message : `${this.message}, got ${quote(this.#got)}`;
  }
}

/** Longest part of an input that an error message quotes, in UTF-16 units. */
const maxQuoted = 80;

/** Quotes text from outside for a message or a log line: cuts it, and escapes everything but printable ASCII [R56]. */
export function quote(text: string): string {
  const short = text.length > maxQuoted ? `${text.slice(0, maxQuoted)}…` : text;
  return JSON.stringify(short).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Describes a value of any type for an error message, without the content of objects. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
