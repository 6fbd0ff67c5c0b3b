import { useCallback, useEffect, useState } from 'react';
import { ApiError, fetchLogs, type LogQuery } from '../api.ts';
import type { Log } from '../log.ts';
import { useSession } from '../session.tsx';
import type { Filters } from './filters.ts';

export interface Row {
  id: string;
  log: Log;
}

export interface View {
  /** What was asked for. */
  filters: Filters;
  rows: Row[];
  /** Place of the first row among all that match, from 1. */
  first: number;
  total: number;
  /** Where the next older page begins; undefined on the last one. */
  olderId: string | undefined;
}

export interface LogPageState {
  /** What was shown last stays while something else is loading, and if it can't be loaded again. */
  view: View | undefined;
  loading: boolean;
  error: ApiError | undefined;
}

/** The page of logs that the filters ask for. */
export function useLogPage(filters: Filters): LogPageState & { reload(): void } {
  const { expire } = useSession();
  const [state, setState] = useState<LogPageState>({ view: undefined, loading: true, error: undefined });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks again
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
        // What is there is still right if it is what was asked for again.
        else setState(({ view }) => ({ view: view?.filters === filters ? view : undefined, loading: false, error }));
      },
    );
    return () => leaving.abort();
  }, [filters, attempt, expire]);

  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...state, reload };
}

async function load(filters: Filters, signal: AbortSignal): Promise<View> {
  const { size, upto } = filters;
  const query = logQuery(filters);
  const [page, all] = await Promise.all([
    // One more than is shown: its id is where the next page begins.
    fetchLogs({ ...query, upto, limit: size + 1 }, signal),
    // `upto` narrows the total, so that the difference says how many are newer.
    upto ? fetchLogs({ ...query, limit: 1 }, signal) : undefined,
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

/** Where the page of newer logs begins that ends right above `firstId`; undefined where it is the newest of all. */
export async function newerThan(firstId: string, filters: Filters, signal?: AbortSignal): Promise<string | undefined> {
  const { ids, nextCursor } = await fetchLogs(
    { ...logQuery(filters), after: firstId, order: 'asc', limit: filters.size },
    signal,
  );
  return nextCursor === null ? undefined : ids.at(-1);
}

const logQuery = ({ search, levels, from, to }: Filters): LogQuery => ({ search, levels, from, to });
