import { useEffect, useState } from 'react';
import { fetchLogs } from '../api.ts';
import { queryOf } from './filters.ts';
import type { View } from './use-log-page.ts';

const secondMs = 1_000;

/**
 * Time of the workflow's oldest stored log, if a view without logs has a time range that begins before it; otherwise
 * undefined. In milliseconds since 1970, rounded down to the second, because the inputs of a range hold whole seconds.
 * Undefined also until the log is loaded, if loading it fails, and if the workflow has no stored logs.
 *
 * @param isOutdated true while the page loads for other filters: the request is aborted
 */
export function useOldestLog(view: View, isOutdated: boolean): number | undefined {
  const [loaded, setLoaded] = useState<{ request: View['request']; oldestMs: number | undefined }>();
  useEffect(() => {
    const { request } = view;
    const { from, to } = request.filter;
    if (isOutdated || (from === '' && to === '') || queryOf(request.filter) === null) return;
    const leaving = new AbortController();
    const load = (oldestMs: number | undefined) => leaving.signal.aborted || setLoaded({ request, oldestMs });
    fetchLogs({ order: 'asc', limit: 1 }, leaving.signal).then(
      ({ logs: [oldest] }) => load(oldest && Math.floor(oldest.meta.timestamp / secondMs) * secondMs),
      () => load(undefined),
    );
    return () => leaving.abort();
  }, [view, isOutdated]);

  const { from } = view.request.filter;
  // A refresh has another view of the same request: the time stays until it has been loaded again.
  if (loaded?.oldestMs === undefined || loaded.request !== view.request) return undefined;
  return from === '' || Date.parse(from) < loaded.oldestMs ? loaded.oldestMs : undefined;
}
