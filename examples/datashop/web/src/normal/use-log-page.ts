import { useCallback, useEffect, useState } from 'react';
import { fetchLogs, type LogQuery } from '../api.ts';
import { ApiError } from '../api-error.ts';
import type { Log } from '../log.ts';
import { useSession } from '../session.tsx';
import type { Filters } from './filters.ts';

export interface Row {
  id: string;
  log: Log;
}

export interface View {
  /** The filters of the request. */
  filters: Filters;
  rows: Row[];
  /** Position of the first row among all matching logs, from 1. */
  first: number;
  total: number;
  /** Id of the first log of the next older page; undefined on the last page. */
  olderId: string | undefined;
}

export interface LogPageState {
  /** The last page stays while another one loads, and when reloading it fails. */
  view: View | undefined;
  loading: boolean;
  error: ApiError | undefined;
}

/** Loads the page that the filters describe. */
export function useLogPage(filters: Filters): LogPageState & { reload(): void } {
  const { expire } = useSession();
  const [state, setState] = useState<LogPageState>({ view: undefined, loading: true, error: undefined });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is a trigger: another value requests again
  useEffect(() => {
    const leaving = new AbortController();
    setState(({ view }) => ({ view, loading: true, error: undefined }));
    load(filters, leaving.signal).then(
      (view) => {
        if (!leaving.signal.aborted) setState({ view, loading: false, error: undefined });
      },
      (error) => {
        if (leaving.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (error.unauthorized) expire();
        // Keep the page if it belongs to these filters: it was only being reloaded.
        else setState(({ view }) => ({ view: view?.filters === filters ? view : undefined, loading: false, error }));
      },
    );
    return () => leaving.abort();
  }, [filters, attempt, expire]);

  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...state, reload };
}

async function load(filters: Filters, signal: AbortSignal): Promise<View> {
  const { size, upTo } = filters;
  const query = logQuery(filters);
  const [page, all] = await Promise.all([
    // One more than is shown: its id is the start of the next page.
    fetchLogs({ ...query, upTo, limit: size + 1 }, signal),
    // `up_to` narrows the total, so the difference to the unrestricted total is the number of newer logs.
    upTo ? fetchLogs({ ...query, limit: 1 }, signal) : undefined,
  ]);
  const total = (all ?? page).total;
  return {
    filters,
    rows: page.logs.slice(0, size).map((log, index) => ({ id: page.ids[index] ?? '', log })),
    first: total - page.total + 1,
    total,
    olderId: page.ids[size],
  };
}

/** Id of the first log of the page just newer than `firstId`; undefined if that is the newest page. */
export async function newerThan(firstId: string, filters: Filters, signal?: AbortSignal): Promise<string | undefined> {
  const { ids, nextCursor } = await fetchLogs(
    { ...logQuery(filters), after: firstId, order: 'asc', limit: filters.size },
    signal,
  );
  return nextCursor === null ? undefined : ids.at(-1);
}

const logQuery = ({ search, levels, from, to }: Filters): LogQuery => ({ search, levels, from, to });
