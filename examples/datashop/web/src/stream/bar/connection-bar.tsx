import { Button, StatusHint } from '@innovaccer/design-system';
import './connection-bar.css';
import { useTime } from '../../ui/index.ts';
import { type ConnectionText, connectionText, isOff } from '../logic/connection.ts';
import { useStream, useViewer, useViewState } from '../state/context.tsx';
import { useNow } from '../state/use-now.ts';
import { BackendTest } from './backend-test.tsx';
import { GapFinder } from './gap-finder.tsx';

const roleTexts = {
  standalone: null,
  leader: { text: 'Shared', title: 'This tab holds the connection for all tabs of this page.' },
  follower: { text: 'Via another tab', title: 'Another tab of this page holds the connection for this one too.' },
};

const loadingText: ConnectionText = { tone: 'info', text: 'Loading the newest logs', countdown: '' };

/** The state of the connection, its reason, and the buttons that change it. */
export function ConnectionBar() {
  const viewer = useViewer();
  const state = useStream('status', 'attempt', 'retryAt', 'lastError', 'role');
  const { status, retryAt } = state;
  const { loading } = useViewState();
  const said = connectionText(state, useNow(retryAt !== null));
  // Before it connects, what is stored is loaded.
  const { tone, text, countdown } = loading && status === 'idle' ? loadingText : said;
  const role = roleTexts[state.role];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div
      className="Stream-connection"
      role="group"
      aria-label="Connection"
      data-testid="connection"
      data-status={status}
    >
      <div className="Stream-status">
        <StatusHint appearance={tone}>{text}</StatusHint>
        {countdown && <span className="Stream-countdown">{countdown}</span>}
        {retryAt !== null && (
          <Button size="tiny" onClick={() => viewer.stream.retryNow()}>
            Retry now
          </Button>
        )}
        {isOff(status) ? (
          <Button size="tiny" appearance="primary" disabled={loading} onClick={() => void viewer.switchOn()}>
            Connect
          </Button>
        ) : (
          <Button size="tiny" onClick={() => viewer.stream.disconnect()}>
            Disconnect
          </Button>
        )}
        <LastLine />
        {role && !isOff(status) && (
          <span className="Stream-quiet" title={role.title}>
            {role.text}
          </span>
        )}
      </div>
      <div className="Stream-actions">
        <GapFinder />
        <BackendTest />
        <Button size="tiny" appearance="transparent" onClick={() => viewer.clear()}>
          Clear streamed
        </Button>
        <Button size="tiny" appearance="transparent" onClick={() => void viewer.startOver()}>
          Start over
        </Button>
      </div>
    </div>
  );
}

/** On its own: it changes with every line. */
function LastLine() {
  const { lastEventAt } = useStream('lastEventAt');
  const { formatTime } = useTime();
  if (lastEventAt === null) return null;
  return (
    <span className="Stream-quiet">
      Last line <time dateTime={new Date(lastEventAt).toISOString()}>{formatTime(lastEventAt).slice(0, 8)}</time>
    </span>
  );
}
