import { useCallback, useEffect, useState } from 'react';
import { fetchLogs } from '../api.ts';
import type { ApiError } from '../api-error.ts';
import type { Log } from '../log.ts';
import { RetryingLoad } from '../retrying-load.ts';
import { useSession } from '../session.tsx';
import { type PageRequest, queryOf } from './filters.ts';

export interface Row {
  id: string;
  log: Log;
}

export interface View {
  request: PageRequest;
  rows: Row[];
  /** Position of the first row among all matching logs, from 1. */
  first: number;
  total: number;
  /** Id of the first log of the next older page; undefined on the last page. */
  olderId: string | undefined;
}

export interface LogPageState {
  /** Stays while another page loads, and when reloading this one fails. */
  view: View | undefined;
  loading: boolean;
  /** Why the last attempt failed; stays during the attempts that follow. */
  error: ApiError | undefined;
  /** Time of the next attempt, in milliseconds since 1970; null if there is none. */
  retryAt: number | null;
}

/** Loads a page until it succeeds, also as soon as the network is back. */
export function useLogPage(request: PageRequest): LogPageState & { reload(): void } {
  const { expire } = useSession();
  const [state, setState] = useState<LogPageState>({ view: undefined, loading: true, error: undefined, retryAt: null });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is a trigger: another value requests again
  useEffect(() => {
    setState(({ view }) => ({ view, loading: true, error: undefined, retryAt: null }));
    const fail = (error: ApiError, loading: boolean, retryAt: number | null) => {
      if (error.unauthorized) return expire();
      // Keep the page if it belongs to this request: it was only being reloaded.
      setState(({ view }) => ({ view: view?.request === request ? view : undefined, loading, error, retryAt }));
    };
    const page = new RetryingLoad({
      load: async (signal) => {
        const view = await load(request, signal);
        if (!signal.aborted) setState({ view, loading: false, error: undefined, retryAt: null });
      },
      onState: (now) => {
        if (now.kind === 'waiting') fail(now.error, false, now.retryAt);
        else if (now.kind === 'failed') fail(now.error, false, null);
        else if (now.kind === 'loading' && now.error) setState((before) => ({ ...before, loading: true }));
      },
      mayRetry: () => true,
    });
    void page.run();
    return () => page.close();
  }, [request, attempt, expire]);

  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...state, reload };
}

async function load(request: PageRequest, signal: AbortSignal): Promise<View> {
  const { filter, size, upTo } = request;
  const query = queryOf(filter);
  if (query === null) return { request, rows: [], first: 1, total: 0, olderId: undefined };
  const [page, all] = await Promise.all([
    // One more than is shown: its id is the start of the next page.
    fetchLogs({ ...query, upTo, limit: size + 1 }, signal),
    // `up_to` narrows the total, so the difference to the unrestricted total is the number of newer logs.
    upTo ? fetchLogs({ ...query, limit: 1 }, signal) : undefined,
  ]);
  const total = (all ?? page).total;
  return {
    request,
    rows: page.logs.slice(0, size).map((log, index) => ({ id: page.ids[index] ?? '', log })),
    first: total - page.total + 1,
    total,
    olderId: page.ids[size],
  };
}

/** Id of the first log of the page just newer than `firstId`; undefined if that is the newest page. */
export async function newerThan(firstId: string, { filter, size }: PageRequest): Promise<string | undefined> {
  const { ids, nextCursor } = await fetchLogs({ ...queryOf(filter), after: firstId, order: 'asc', limit: size });
  return nextCursor === null ? undefined : ids.at(-1);
}
