const temporaryStatuses = [408, 425, 429];

/** A response that is not a 2xx, or no complete response: then `status` is 0. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  /** From problem+json, or a text of this page. */
  readonly title: string;
  readonly detail: string;
  /** The wait that the server asked for, in milliseconds; 0 if it did not. */
  readonly retryAfterMs: number;

  constructor(
    status: number,
    title: string,
    detail: string,
    { retryAfterMs = 0, ...options }: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(detail ? `${title}: ${detail}` : title, options);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.title = title;
    this.detail = detail;
  }

  /** The cause in one sentence, to be shown after a text that names what failed. */
  get explanation(): string {
    if (this.status === 0 && this.detail) return `${this.title}. ${this.detail}`;
    return this.detail || this.title;
  }

  /** True for 401 and 403: the user is not signed in. */
  get unauthorized(): boolean {
    return this.status === 401 || this.status === 403;
  }

  /** True if another attempt may succeed: no response, 408, 425, 429 or a 5xx. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status >= 500 || temporaryStatuses.includes(this.status);
  }
}

/** [spec] RFC 9457: title and detail are meant for people, and either may be missing. */
export async function problemOf(response: Response): Promise<ApiError> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { title, detail } = (problem ?? {}) as { title?: unknown; detail?: unknown };
  return new ApiError(
    response.status,
    typeof title === 'string' ? title : `The server responded with ${response.status}`,
    typeof detail === 'string' ? detail : '',
    { retryAfterMs: retryAfterMs(response.headers.get('Retry-After')) },
  );
}

/** Longest Retry-After that is obeyed, in milliseconds. */
const maxRetryAfterMs = 3_600_000;

/** Reads whole seconds or an HTTP date. @returns milliseconds; 0 if there is no valid value */
function retryAfterMs(value: string | null): number {
  const text = value ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Math.min(Math.max(ms || 0, 0), maxRetryAfterMs);
}
