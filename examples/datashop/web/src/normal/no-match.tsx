import { Button } from '@innovaccer/design-system';
import { clearFilters, setFilters } from '../filters/use-filters.ts';
import { EmptyPane, useTime } from '../ui/index.ts';
import type { View } from './use-log-page.ts';
import { useOldestLog } from './use-oldest-log.ts';

/** The empty page of filters that no log matches. If their range begins before the oldest stored log, it says so. */
export function NoMatch({ view, isOutdated }: { view: View; isOutdated: boolean }) {
  const { format } = useTime();
  const oldestMs = useOldestLog(view, isOutdated);
  const description =
    oldestMs === undefined
      ? 'Try other words, more levels or a wider range.'
      : `The oldest stored log is from ${format(oldestMs).slice(0, 19)}. Older logs have been deleted or were never written.`;
  // Without an end, the range already contains all stored logs.
  const canStart = oldestMs !== undefined && view.request.filter.to !== '';
  return (
    <EmptyPane icon="search_off" title="No logs match" description={description}>
      {canStart && (
        <Button
          appearance="primary"
          icon="first_page"
          // Without the end, which may be before the oldest log.
          onClick={() => setFilters({ from: new Date(oldestMs).toISOString(), to: '' })}
        >
          Start at the oldest log
        </Button>
      )}
      <Button appearance={canStart ? 'basic' : 'primary'} icon="filter_alt_off" onClick={clearFilters}>
        Clear filters
      </Button>
    </EmptyPane>
  );
}
