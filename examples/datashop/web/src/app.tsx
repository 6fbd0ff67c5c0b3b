import { useEffect, useState } from 'react';
import { useAddress, workflowParameters } from './address.ts';
import { Header } from './header.tsx';
import { type Mode, ModeTabs } from './mode-tabs.tsx';
import { NoAccessPage } from './no-access-page.tsx';
import { NormalMode } from './normal/normal-mode.tsx';
import { useSession } from './session.tsx';
import { SignedOutPage } from './signed-out-page.tsx';
import { LogStreamProvider, StreamMode } from './stream/index.ts';

export function App() {
  const { state, expire } = useSession();
  const mode = useAddress().get('mode') === 'stream' ? 'stream' : 'normal';
  const shown = useShownMode(mode);
  if (state.kind !== 'signed-in') {
    return (
      <div className="app">
        <Header />
        <SignedOutPage state={state} />
      </div>
    );
  }
  const { workspace, workflow } = workflowParameters();
  const named = [workspace, workflow].some(Boolean);
  const isReadable = state.workflows.some((w) => w.workspaceID === workspace && w.workflowID === workflow);
  if (named ? !isReadable : state.workflows.length === 0) {
    return (
      <div className="app">
        <Header />
        <NoAccessPage />
      </div>
    );
  }
  return (
    // The provider keeps the stream while Normal mode is shown. The key gives every user and workflow
    // a provider of their own.
    <LogStreamProvider
      key={JSON.stringify([state.user, workspace, workflow])}
      user={state.user}
      onUnauthorized={expire}
    >
      <div className="app">
        <a className="skip" href="#logs">
          Skip to the logs
        </a>
        <Header />
        <ModeTabs mode={mode} />
        <main className="app-main" id="logs" tabIndex={-1}>
          {shown === 'stream' && <StreamMode />}
          {shown === 'normal' && <NormalMode />}
        </main>
      </div>
    </LogStreamProvider>
  );
}

/**
 * The mode that is rendered. Another one follows in a task of its own: removing a page of logs takes as long as
 * rendering one.
 */
function useShownMode(mode: Mode): Mode | null {
  const [shown, setShown] = useState(mode);
  useEffect(() => {
    if (shown === mode) return;
    const timer = setTimeout(() => setShown(mode));
    return () => clearTimeout(timer);
  }, [shown, mode]);
  return shown === mode ? mode : null;
}
