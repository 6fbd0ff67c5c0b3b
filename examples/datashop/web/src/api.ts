import { logsPath } from '../../src/demo.ts';
import type { Level, Log } from './log.ts';

export interface LogQuery {
  levels?: readonly Level[] | undefined;
  search?: string | undefined;
  /** ISO 8601; `from` is included, `to` is not. */
  from?: string | undefined;
  to?: string | undefined;
  /** At most 500, the log service's limit. */
  limit?: number | undefined;
  order?: 'desc' | 'asc' | undefined;
  /** The `nextCursor` of the previous page. */
  cursor?: string | undefined;
  /** Only logs inserted after this event. */
  after?: string | undefined;
  /** Only logs up to and including this event. */
  upto?: string | undefined;
}

export interface LogPage {
  logs: Log[];
  /** The logs' event ids, in the same order. */
  ids: string[];
  nextCursor: string | null;
  /** Number of matching logs on all pages. */
  total: number;
  /** The newest event when the page was read: a stream opened with this id continues exactly after the page. */
  lastEventId: string;
}

export interface Session {
  user: string | null;
}

/** A response that is not a 2xx, or no complete response: then `status` is 0. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  /** From problem+json, or a text of this page. */
  readonly title: string;
  readonly detail: string;

  constructor(status: number, title: string, detail: string, options?: ErrorOptions) {
    super(detail ? `${title}: ${detail}` : title, options);
    this.status = status;
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
}

export async function fetchLogs(query: LogQuery, signal?: AbortSignal): Promise<LogPage> {
  const { levels, upto, ...rest } = query;
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ log_level: levels?.join(), up_to: upto, ...rest })) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const response = await request(`${logsPath}?${parameters}`, { signal: signal ?? null });
  const page = await json<Omit<LogPage, 'lastEventId'>>(response);
  return { ...page, lastEventId: response.headers.get('Last-Event-ID') ?? '' };
}

export async function fetchSession(signal?: AbortSignal): Promise<Session> {
  return json(await request('/session', { signal: signal ?? null }));
}

export async function signIn(): Promise<Session> {
  return json(await request('/session/sign-in', { method: 'POST' }));
}

export async function signOut(): Promise<Session> {
  return json(await request('/session/sign-out', { method: 'POST' }));
}

export interface BackendTest {
  ok: boolean;
  /** The status of `/readyz` (`ready`, `upstream-down`, `draining`), or `unreachable` if there was no response. */
  status: string;
  ms: number;
}

/** Requests `/readyz`: whether the BFF and the log service respond, and how long the response took. */
export async function testBackend(signal?: AbortSignal): Promise<BackendTest> {
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  try {
    const response = await fetch('/readyz', { cache: 'no-store', signal: signal ?? null });
    const { status } = (await response.json()) as { status: string };
    return { ok: response.ok, status, ms: since() };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { ok: false, status: 'unreachable', ms: since() };
  }
}

/** @throws ApiError unless the response is a 2xx. An abort rejects with its own error. */
async function request(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: { Accept: 'application/json' } });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(0, 'The server can’t be reached', 'Check that it runs and that you are online.', { cause });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** [spec] RFC 9457: title and detail are meant for people, and either may be missing. */
async function problemOf(response: Response): Promise<ApiError> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { title, detail } = (problem ?? {}) as { title?: unknown; detail?: unknown };
  return new ApiError(
    response.status,
    typeof title === 'string' ? title : `The server responded with ${response.status}`,
    typeof detail === 'string' ? detail : '',
  );
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw new ApiError(0, 'The response is incomplete', 'The connection was lost while it was being read.', { cause });
  }
}
