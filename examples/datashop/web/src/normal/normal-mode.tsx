import { Button, Message } from '@innovaccer/design-system';
import { useCallback, useState } from 'react';
import { go, useAddress } from '../address.ts';
import { ApiError } from '../api-error.ts';
import { isFiltered } from '../filters/log-filter.ts';
import { setFilters } from '../filters/use-filters.ts';
import { useSession } from '../session.tsx';
import { EmptyPane, useToasts } from '../ui/index.ts';
import { FilterBar } from './filter-bar.tsx';
import { isPattern, usePageRequest } from './filters.ts';
import { LogDialog } from './log-dialog.tsx';
import { LogTable } from './log-table.tsx';
import { NoMatch } from './no-match.tsx';
import { NormalVolume, useVolume } from './normal-volume.tsx';
import { Pager } from './pager.tsx';
import { RetryText } from './retry-text.tsx';
import { Skeleton } from './skeleton.tsx';
import { newerThan, useLogPage, type View } from './use-log-page.ts';

/** Normal mode: stored logs, one page at a time. */
export function NormalMode() {
  const request = usePageRequest();
  const { view, loading, error, retryAt, reload } = useLogPage(request);
  const counted = useVolume(request, view);
  const [stepping, setStepping] = useState(false);
  const { expire } = useSession();
  const { notify } = useToasts();
  const opened = useAddress().get('log');
  const open = useCallback((id: string) => go({ log: id }), []);
  // During retries, the present page is not marked as outdated: the mark would last as long as the outage.
  const busy = (loading && !error) || stepping;

  const newer = async () => {
    const first = view?.rows[0];
    if (!first) return;
    setStepping(true);
    try {
      go({ up_to: await newerThan(first.id, request) });
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      if (cause.unauthorized) expire();
      else notify({ tone: 'error', title: 'The newer logs could not be loaded', detail: cause.explanation });
    } finally {
      setStepping(false);
    }
  };

  return (
    <>
      <FilterBar volume={counted.volume} isCounted={counted.isKnown} onRefresh={reload} />
      <NormalVolume counted={counted} {...request} />
      {error && view && (
        <div className="normal-error" role="alert">
          <Message
            appearance="alert"
            description={`The logs could not be loaded again. ${error.explanation}`}
            actions={
              <>
                <RetryText at={retryAt} />
                <Button size="tiny" icon="refresh" onClick={reload}>
                  Try again
                </Button>
              </>
            }
          />
        </div>
      )}
      {error && !view ? (
        <EmptyPane icon="cloud_off" title="The logs could not be loaded" description={error.explanation} role="alert">
          <Button appearance="primary" icon="refresh" onClick={reload}>
            Try again
          </Button>
          <RetryText at={retryAt} />
        </EmptyPane>
      ) : !view ? (
        <Skeleton />
      ) : view.rows.length === 0 ? (
        <Nothing view={view} isOutdated={view.request !== request} onRefresh={reload} />
      ) : (
        <>
          <LogTable rows={view.rows} search={view.request.filter.text} busy={busy} onOpen={open} />
          <Pager
            view={view}
            onNewest={() => go({ up_to: undefined })}
            // Clicks while busy are ignored; disabling the button would drop its focus.
            onNewer={() => !busy && void newer()}
            onOlder={() => !busy && go({ up_to: view.olderId })}
          />
        </>
      )}
      {opened && (
        <LogDialog
          key={opened}
          id={opened}
          known={view?.rows.find(({ id }) => id === opened)?.log}
          onClose={() => go({ log: undefined })}
        />
      )}
    </>
  );
}

/** The empty page, by reason: logs no longer kept, no match, or no logs at all. */
function Nothing({ view, isOutdated, onRefresh }: { view: View; isOutdated: boolean; onRefresh: () => void }) {
  const { filter } = view.request;
  if (isPattern(filter)) {
    return (
      <EmptyPane
        icon="regular_expression"
        title="Patterns are searched for in Stream mode only"
        description="The log service searches stored logs for plain text. Stream mode has the newest ones, and loads older ones."
      >
        <Button appearance="primary" onClick={() => go({ mode: 'stream' })}>
          Search in Stream mode
        </Button>
        <Button onClick={() => setFilters({ regex: false })}>Search for the text</Button>
      </EmptyPane>
    );
  }
  if (view.total > 0) {
    return (
      <EmptyPane
        icon="history_toggle_off"
        title="These logs are no longer kept"
        description="Only the newest logs are kept, and this page is older than all of them."
      >
        <Button appearance="primary" icon="first_page" onClick={() => go({ up_to: undefined })}>
          Show the newest
        </Button>
      </EmptyPane>
    );
  }
  if (isFiltered(filter)) return <NoMatch view={view} isOutdated={isOutdated} />;
  return (
    <EmptyPane
      icon="receipt_long"
      title="No logs yet"
      description="The pipeline has not written any logs yet. Its first lines appear here once it runs."
    >
      <Button appearance="primary" icon="refresh" onClick={onRefresh}>
        Refresh
      </Button>
    </EmptyPane>
  );
}
