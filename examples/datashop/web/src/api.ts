import { logsPath } from '../../src/demo.ts';
import type { Level, Log } from './log.ts';

export interface LogQuery {
  levels?: readonly Level[] | undefined;
  search?: string | undefined;
  /** ISO 8601; `from` is included, `to` is not. */
  from?: string | undefined;
  to?: string | undefined;
  /** At most 500. */
  limit?: number | undefined;
  order?: 'desc' | 'asc' | undefined;
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined;
  /** Only logs inserted after this event. */
  after?: string | undefined;
  /** Only logs up to this event, itself included. */
  upto?: string | undefined;
}

export interface LogPage {
  logs: Log[];
  /** The logs' event ids, in the same order. */
  ids: string[];
  nextCursor: string | null;
  /** How many match on all pages. */
  total: number;
  /** The moment of the page: a stream opened with it goes on exactly where the page ends. */
  lastEventId: string;
}

export interface Session {
  user: string | null;
}

/** An answer that was not what was asked for, or none: then `status` is 0. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  /** From problem+json, or words of our own. */
  readonly title: string;
  readonly detail: string;

  constructor(status: number, title: string, detail: string, options?: ErrorOptions) {
    super(detail ? `${title}: ${detail}` : title, options);
    this.status = status;
    this.title = title;
    this.detail = detail;
  }

  /** For people: what to know about it, where something else says what failed. */
  get explanation(): string {
    if (this.status === 0 && this.detail) return `${this.title}. ${this.detail}`;
    return this.detail || this.title;
  }

  /** Nobody is signed in, or no longer. */
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
  const response = await ask(`${logsPath}?${parameters}`, { signal: signal ?? null });
  const page = await json<Omit<LogPage, 'lastEventId'>>(response);
  return { ...page, lastEventId: response.headers.get('Last-Event-ID') ?? '' };
}

export async function fetchSession(signal?: AbortSignal): Promise<Session> {
  return json(await ask('/session', { signal: signal ?? null }));
}

export async function signIn(): Promise<Session> {
  return json(await ask('/session/sign-in', { method: 'POST' }));
}

export async function signOut(): Promise<Session> {
  return json(await ask('/session/sign-out', { method: 'POST' }));
}

export interface BackendTest {
  ok: boolean;
  /** Of `/readyz`: `ready`, `upstream-down`, `draining`; `unreachable` if nobody answered. */
  status: string;
  ms: number;
}

/** Asks the server whether it and the log service behind it are there, and how long the answer takes. */
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

/** @throws ApiError unless the answer is a 2xx; an abort's own error is passed on. */
async function ask(url: string, init: RequestInit): Promise<Response> {
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

/** [spec] RFC 9457: title and detail are for people, and either may be missing. */
async function problemOf(response: Response): Promise<ApiError> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { title, detail } = (problem ?? {}) as { title?: unknown; detail?: unknown };
  return new ApiError(
    response.status,
    typeof title === 'string' ? title : `The server answered ${response.status}`,
    typeof detail === 'string' ? detail : '',
  );
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw new ApiError(0, 'The answer broke off', 'The connection was lost while it was being read.', { cause });
  }
}
