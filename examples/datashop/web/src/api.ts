import { logsPath, volumePath, type Workflow } from '../../src/demo.ts';
import { workflowParameters } from './address.ts';
import { ApiError, problemOf } from './api-error.ts';
import type { Level, Log } from './log.ts';

/** Longest wait for a response and its body, in milliseconds. */
const timeoutMs = 30_000;

export interface LogQuery {
  levels?: readonly Level[] | undefined;
  search?: string | undefined;
  exclude?: readonly string[] | undefined;
  stage?: string | undefined;
  /** An execution's number. */
  run?: string | undefined;
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
  upTo?: string | undefined;
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
  /** What the user may read. */
  workflows: readonly Workflow[];
}

export async function fetchLogs(query: LogQuery, signal?: AbortSignal): Promise<LogPage> {
  const response = await request(`${logsPath}?${parametersOf(query)}`, { signal: signal ?? null });
  const page = await json<Omit<LogPage, 'lastEventId'>>(response);
  return { ...page, lastEventId: response.headers.get('Last-Event-ID') ?? '' };
}

/** How many logs there are, by level and time. */
export interface LogVolume {
  /** ISO 8601. */
  from: string;
  bucketMs: number;
  counts: Record<Level, number[]>;
}

export async function fetchVolume(
  query: Omit<LogQuery, 'limit' | 'order' | 'cursor' | 'after' | 'upTo'>,
  buckets: number,
  signal?: AbortSignal,
): Promise<LogVolume> {
  return json(await request(`${volumePath}?${parametersOf(query)}&buckets=${buckets}`, { signal: signal ?? null }));
}

function parametersOf({ levels, upTo, ...rest }: LogQuery): URLSearchParams {
  const parameters = new URLSearchParams();
  const all = { ...workflowParameters(), log_level: levels?.join(), up_to: upTo, ...rest };
  for (const [name, value] of Object.entries(all)) {
    for (const each of [value ?? []].flat()) if (each !== '') parameters.append(name, String(each));
  }
  return parameters;
}

export async function fetchSession(signal?: AbortSignal): Promise<Session> {
  return json(await request('/session', { signal: signal ?? null }));
}

export async function signIn(user: string): Promise<Session> {
  return json(await request(`/session/sign-in?${new URLSearchParams({ user })}`, { method: 'POST' }));
}

export async function signOut(): Promise<Session> {
  return json(await request('/session/sign-out', { method: 'POST' }));
}

export interface BackendTest {
  ok: boolean;
  /**
   * The status of `/readyz` (`ready`, `upstream-down`, `draining`); `unreachable` if there was no response, `silent` if
   * there was none within five seconds.
   */
  status: string;
  ms: number;
}

/** Longest wait for the result of a test, in milliseconds. */
const testMs = 5_000;

/** Requests `/readyz`: whether the BFF and the log service respond, and how long the response took. */
export async function testBackend(signal: AbortSignal): Promise<BackendTest> {
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  try {
    const signals = AbortSignal.any([signal, AbortSignal.timeout(testMs)]);
    const response = await fetch('/readyz', { cache: 'no-store', signal: signals });
    const { status } = (await response.json()) as { status: string };
    return { ok: response.ok, status, ms: since() };
  } catch (error) {
    if (signal.aborted) throw error;
    const status = (error as Error).name === 'TimeoutError' ? 'silent' : 'unreachable';
    return { ok: false, status, ms: since() };
  }
}

/** @throws ApiError unless the response is a 2xx. An abort rejects with its own error. */
async function request(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    const signals = [AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])];
    response = await fetch(url, { ...init, signal: AbortSignal.any(signals), headers: { Accept: 'application/json' } });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    if ((cause as Error).name === 'TimeoutError')
      throw new ApiError(0, 'The server does not respond', 'It has sent no response for 30 seconds.', { cause });
    throw new ApiError(0, 'The server can’t be reached', 'Check that it runs and that you are online.', { cause });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw new ApiError(0, 'The response is incomplete', 'The connection was lost while it was being read.', { cause });
  }
}
