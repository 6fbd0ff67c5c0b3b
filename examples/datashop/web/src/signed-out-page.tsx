import { Button, Spinner } from '@innovaccer/design-system';
import { useState } from 'react';
import { users } from '../../src/demo.ts';
import { type SessionState, useSession } from './session.tsx';
import './signed-out-page.css';
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
  const [user, setUser] = useState<string>(users[0]);
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
    await signIn(user);
    setBusy(false);
  };
  return (
    <main className="app-main app-main--outside">
      <EmptyPane {...signedOutTexts[state.kind]}>
        <label className="sign-in-user">
          User
          <select className="field-input" value={user} onChange={({ target }) => setUser(target.value)}>
            {users.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <Button appearance="primary" icon="login" disabled={busy} onClick={onSignIn}>
          Sign in
        </Button>
      </EmptyPane>
    </main>
  );
}
