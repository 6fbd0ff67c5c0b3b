import { Button, Spinner } from '@innovaccer/design-system';
import { useState } from 'react';
import { type SessionState, useSession } from './session.tsx';
import { EmptyPane } from './ui/index.ts';

const signedOutTexts = {
  'signed-out': {
    icon: 'logout',
    title: 'You are signed out',
    description: 'The live stream has ended. No logs are stored in this browser.',
  },
  expired: {
    icon: 'lock_clock',
    title: 'Your session has ended',
    description: 'Sign in again to continue.',
  },
} as const;

/** The page while no user is signed in. */
export function SignedOutPage({ state }: { state: Exclude<SessionState, { kind: 'signed-in' }> }) {
  const { signIn, retry } = useSession();
  const [busy, setBusy] = useState(false);
  if (state.kind === 'loading') {
    return (
      <main className="app-main app-main--outside" aria-busy="true">
        <Spinner size="large" aria-label="Loading" />
      </main>
    );
  }
  if (state.kind === 'error') {
    return (
      <main className="app-main app-main--outside">
        <EmptyPane icon="cloud_off" title={state.error.title} description={state.error.detail} role="alert">
          <Button appearance="primary" icon="refresh" onClick={retry}>
            Try again
          </Button>
        </EmptyPane>
      </main>
    );
  }
  const onSignIn = async () => {
    setBusy(true);
    await signIn();
    setBusy(false);
  };
  return (
    <main className="app-main app-main--outside">
      <EmptyPane {...signedOutTexts[state.kind]}>
        <Button appearance="primary" icon="login" disabled={busy} onClick={onSignIn}>
          Sign in
        </Button>
      </EmptyPane>
    </main>
  );
}
