import { Button } from '@innovaccer/design-system';
import type { ReactNode } from 'react';
import { EmptyPane } from '../../ui/index.ts';
import { isOff } from '../logic/connection.ts';
import { useLive, useStream, useStreamValue, useViewer, useViewState } from '../state/context.tsx';
import { allLevels } from '../state/view-state.ts';
import { JumpButton } from './jump-button.tsx';
import { LogList } from './log-list.tsx';

/** The list, or the reason why it is empty. */
export function ListPane({ linked }: { linked: string }) {
  const { view, progress } = useLive();
  const { loading, loadError } = useViewState();
  const any = useStreamValue(({ counts }) => counts.kept > 0);
  if (view.rows.length > 0) {
    return (
      <div className="Stream-pane">
        <LogList linked={linked} />
        <JumpButton />
      </div>
    );
  }
  if (loading || (view.lines === 0 && any)) return <Skeleton />;
  if (loadError !== null) return <LoadFailed text={[loadError.title, loadError.detail].filter(Boolean).join('. ')} />;
  if (view.lines > 0) return progress < 1 ? <Skeleton /> : <FilteredOut lines={view.lines} />;
  return <NoLines />;
}

function Skeleton() {
  return (
    <div className="Stream-pane" role="status" aria-busy="true">
      <span className="unseen">Loading the newest logs…</span>
      <div className="Stream-skeleton" aria-hidden="true" />
    </div>
  );
}

function LoadFailed({ text }: { text: string }) {
  const viewer = useViewer();
  return (
    <Pane icon="cloud_off" title="The logs could not be loaded" description={text} role="alert">
      <Button appearance="primary" onClick={() => void viewer.switchOn()}>
        Try again
      </Button>
    </Pane>
  );
}

function FilteredOut({ lines }: { lines: number }) {
  const viewer = useViewer();
  const { query } = useViewState();
  const clear = () => viewer.look({ levels: allLevels, query: { ...query, text: '' } });
  return (
    <Pane
      icon="filter_alt_off"
      title="No line passes the filters"
      description={`${lines.toLocaleString('en')} lines are here. New ones that pass will show up by themselves.`}
    >
      <Button appearance="primary" onClick={clear}>
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
      <Pane icon="pause_circle" title="Disconnected" description="Connect to see logs as they are written.">
        <Button appearance="primary" onClick={() => void viewer.switchOn()}>
          Connect now
        </Button>
      </Pane>
    );
  }
  return <Pane icon="hourglass_empty" title="Waiting for the first line" description="Nothing has been logged yet." />;
}

function Pane({ children, ...pane }: Parameters<typeof EmptyPane>[0] & { children?: ReactNode }) {
  return (
    <div className="Stream-pane">
      <EmptyPane {...pane}>{children}</EmptyPane>
    </div>
  );
}
