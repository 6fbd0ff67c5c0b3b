import { Button } from '@innovaccer/design-system';
import { type ReactNode, useEffect, useState } from 'react';
import type { ApiError } from '../../api-error.ts';
import { clearFilters } from '../../filters/use-filters.ts';
import type { LoadState } from '../../retrying-load.ts';
import { EmptyPane } from '../../ui/index.ts';
import { isOff } from '../logic/connection.ts';
import { count } from '../logic/messages.ts';
import { useLive, useStream, useStreamValue, useViewer, useViewState } from '../state/context.tsx';
import { LogList } from './log-list.tsx';

/** While a search is shorter than this, the page keeps saying that the one before found nothing. In milliseconds. */
const searchingAfterMs = 300;

/** The list, or the reason why it is empty. */
export function ListPane({ linked }: { linked: string }) {
  const hasRows = useLive(({ view }) => view.rows.length > 0);
  const hasEntries = useLive(({ view }) => view.entries > 0);
  // The constant while rows are shown avoids a render for each new line.
  const lines = useLive(({ view }) => (view.rows.length > 0 ? 0 : view.lines));
  const isSearching = useHasLasted(
    useLive(({ progress }) => progress < 1),
    searchingAfterMs,
  );
  const { firstLoad } = useViewState();
  const isBehind = useStreamValue(({ entries }) => entries.length > 0) && !hasEntries;
  const isLater = useHasLasted(true, 0);
  if (hasRows) return <div className="Stream-pane">{isLater && <LogList linked={linked} />}</div>;
  if (firstLoad.kind !== 'done' && firstLoad.error !== null)
    return <LoadFailed load={firstLoad} error={firstLoad.error} />;
  if (firstLoad.kind === 'loading' || isBehind) return <Skeleton />;
  if (lines > 0) return isSearching ? <Skeleton /> : <FilteredOut lines={lines} />;
  return <NoLines />;
}

/**
 * True once `isOn` has been true for this time, and until it is false. With 0 ms, the component that it shows is
 * rendered in a task of its own.
 */
function useHasLasted(isOn: boolean, ms: number): boolean {
  const [hasLasted, setHasLasted] = useState(false);
  useEffect(() => {
    if (!isOn) return setHasLasted(false);
    const timer = setTimeout(() => setHasLasted(true), ms);
    return () => clearTimeout(timer);
  }, [isOn, ms]);
  return isOn && hasLasted;
}

function Skeleton() {
  return (
    <div className="Stream-pane" role="status" aria-busy="true">
      <span className="unseen">Loading the newest logs…</span>
      <div className="Stream-skeleton" aria-hidden="true" />
    </div>
  );
}

/** Stays as it is during the next attempts, so that it is announced once. */
function LoadFailed({ load, error }: { load: LoadState; error: ApiError }) {
  const viewer = useViewer();
  const tryAgain = () => (load.kind === 'failed' ? void viewer.switchOn() : viewer.retryNow());
  return (
    <Pane
      icon="cloud_off"
      title="The logs could not be loaded"
      description={[error.title, error.detail].filter(Boolean).join('. ')}
      role="alert"
    >
      <Button appearance="primary" disabled={load.kind === 'loading'} onClick={tryAgain}>
        Try again
      </Button>
    </Pane>
  );
}

function FilteredOut({ lines }: { lines: number }) {
  return (
    <Pane
      icon="filter_alt_off"
      title="No line passes the filters"
      description={`The filters hide ${count(lines, 'line')}. New lines that pass are shown as they arrive.`}
    >
      <Button appearance="primary" onClick={clearFilters}>
        Clear filters
      </Button>
    </Pane>
  );
}

function NoLines() {
  const viewer = useViewer();
  const { status } = useStream('status');
  if (isOff(status)) {
    return (
      <Pane icon="pause_circle" title="Disconnected" description="Connect to see new logs.">
        <Button appearance="primary" onClick={() => void viewer.switchOn()}>
          Connect now
        </Button>
      </Pane>
    );
  }
  return <Pane icon="hourglass_empty" title="Waiting for the first line" description="No logs are stored yet." />;
}

function Pane({ children, ...pane }: Parameters<typeof EmptyPane>[0] & { children?: ReactNode }) {
  return (
    <div className="Stream-pane">
      <EmptyPane {...pane}>{children}</EmptyPane>
    </div>
  );
}
