import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { Workflow } from '../../src/demo.ts';
import { fetchSession, type Session, signIn, signOut } from './api.ts';
import { ApiError } from './api-error.ts';
import { RetryingLoad } from './retrying-load.ts';
import { announceSignIn, watchSignIn } from './sign-in-signal.ts';
import { watchOwner, wipeStream } from './stream/index.ts';
import { useToasts } from './ui/index.ts';

export type SessionState =
  | { kind: 'loading' }
  | { kind: 'signed-in'; user: string; workflows: readonly Workflow[] }
  /** `signed-out`: by the user. `expired`: a response was 401 or 403. */
  | { kind: 'signed-out' | 'expired' }
  | { kind: 'error'; error: ApiError };

export interface SessionActions {
  signIn(user: string): Promise<void>;
  signOut(): Promise<void>;
  /** Call when a response was 401 or 403. */
  expire(): void;
  retry(): void;
}

const SessionContext = createContext<(SessionActions & { state: SessionState }) | undefined>(undefined);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ kind: 'loading' });
  const [attempt, setAttempt] = useState(0);
  const { notify } = useToasts();

  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is a trigger: another value requests again
  useEffect(() => {
    setState({ kind: 'loading' });
    const load = new RetryingLoad({
      load: async (signal) => {
        const session = await fetchSession(signal);
        if (!signal.aborted) setState(stateOf(session));
      },
      // The error stays on the page during the next attempts.
      onState: (now) => 'error' in now && now.error !== null && setState({ kind: 'error', error: now.error }),
      mayRetry: () => true,
    });
    void load.run();
    return () => load.close();
  }, [attempt]);

  const expire = useCallback(() => {
    setState((before) => (before.kind === 'signed-in' ? { kind: 'expired' } : before));
  }, []);

  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  const user = state.kind === 'signed-in' ? state.user : null;
  useEffect(
    () =>
      watchOwner(user, () => {
        // All tabs have one session, so this one now belongs to the other user, too.
        if (user !== null) wipeStream(user);
        retry();
      }),
    [user, retry],
  );

  const isOutside = state.kind === 'signed-out' || state.kind === 'expired';
  useEffect(() => {
    if (!isOutside) return;
    return watchSignIn(async () => {
      // If the request fails, the page stays as it is until the next signal.
      const session = await fetchSession().catch(() => null);
      if (session?.user) setState(stateOf(session));
    });
  }, [isOutside]);

  const session = useMemo(
    () => ({
      state,
      expire,
      retry,
      signIn: async (user: string) => {
        try {
          setState(stateOf(await signIn(user)));
          announceSignIn();
        } catch (error) {
          notify({ tone: 'error', title: 'You could not be signed in', detail: apiError(error).explanation });
        }
      },
      signOut: async () => {
        if (state.kind !== 'signed-in') return;
        // Remove the stored logs first: they must be gone even if the server can't be reached.
        wipeStream(state.user);
        setState({ kind: 'loading' });
        try {
          await signOut();
          setState({ kind: 'signed-out' });
        } catch (error) {
          setState(state);
          notify({ tone: 'error', title: 'You could not be signed out', detail: apiError(error).explanation });
        }
      },
    }),
    [state, expire, retry, notify],
  );
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

export function useSession(): SessionActions & { state: SessionState } {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession needs a SessionProvider');
  return session;
}

const stateOf = ({ user, workflows }: Session): SessionState =>
  user ? { kind: 'signed-in', user, workflows } : { kind: 'signed-out' };

const apiError = (error: unknown) =>
  error instanceof ApiError ? error : new ApiError(0, 'Something went wrong', String(error));
