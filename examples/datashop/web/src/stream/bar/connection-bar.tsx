import { Button } from '@innovaccer/design-system';
import { useState } from 'react';
import './connection-bar.css';
import { isOff } from '../logic/connection.ts';
import { count } from '../logic/messages.ts';
import { useStream, useViewer, useViewState } from '../state/context.tsx';
import { BackendTest } from './backend-test.tsx';
import { ConnectionStatus } from './connection-status.tsx';
import { GapFinder } from './gap-finder.tsx';
import { HistoryDialog } from './history-dialog.tsx';
import { LastLine } from './last-line.tsx';

const roles = {
  standalone: null,
  leader: { text: 'Shared', title: 'This tab holds the connection for all tabs of this page.' },
  follower: { text: 'Via another tab', title: 'Another tab of this page holds the connection for this one too.' },
};

/** The state of the connection, its reason, and the buttons that change it. */
export function ConnectionBar() {
  const viewer = useViewer();
  const { status, role, retryAt } = useStream('status', 'role', 'retryAt');
  const { firstLoad, enabled } = useViewState();
  const isLoading = firstLoad.kind === 'loading' || firstLoad.kind === 'waiting';
  const isOn = !isOff(status) || (isLoading && enabled);
  const [isHistory, setHistory] = useState(false);
  const roleText = roles[role];
  const startOver = () => {
    const { kept } = viewer.stream.getSnapshot().counts;
    const undo = viewer.startOver();
    if (kept === 0) return;
    viewer.notify({
      tone: 'info',
      title: `${count(kept, 'line')} dropped`,
      action: { label: 'Undo', act: () => void undo() },
    });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div
      className="Stream-connection"
      role="group"
      aria-label="Connection"
      data-testid="connection"
      data-status={isOff(status) && firstLoad.kind === 'waiting' ? 'waiting' : status}
    >
      <div className="Stream-status">
        <ConnectionStatus />
        {(retryAt !== null || firstLoad.kind === 'waiting') && (
          <Button size="tiny" onClick={() => viewer.retryNow()}>
            Retry now
          </Button>
        )}
        {isOn ? (
          <Button size="tiny" onClick={() => viewer.switchOff()}>
            Disconnect
          </Button>
        ) : (
          <Button size="tiny" appearance="primary" onClick={() => void viewer.switchOn()}>
            Connect
          </Button>
        )}
        <LastLine />
        {roleText && !isOff(status) && (
          <span className="Stream-quiet" title={roleText.title}>
            {roleText.text}
          </span>
        )}
      </div>
      <div className="Stream-actions">
        <GapFinder />
        <BackendTest />
        <Button size="tiny" appearance="transparent" onClick={() => setHistory(true)}>
          History
        </Button>
        <Button size="tiny" appearance="transparent" onClick={() => viewer.clear()}>
          Clear streamed
        </Button>
        <Button size="tiny" appearance="transparent" onClick={startOver}>
          Start over
        </Button>
        {isHistory && <HistoryDialog onClose={() => setHistory(false)} />}
      </div>
    </div>
  );
}
