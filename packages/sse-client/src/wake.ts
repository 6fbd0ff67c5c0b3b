import type { Environment } from './environment.ts';

/**
 * Calls when the page may have slept, or been without a network: back online, visible again, back from the
 * back/forward cache. Gives the release.
 */
export function onWake({ window, document }: Environment, wake: () => void): () => void {
  const visible = () => {
    if (document?.visibilityState === 'visible') wake();
  };
  const shown = (event: Event) => {
    if ((event as PageTransitionEvent).persisted) wake();
  };
  window?.addEventListener('online', wake);
  window?.addEventListener('pageshow', shown);
  document?.addEventListener('visibilitychange', visible);
  return () => {
    window?.removeEventListener('online', wake);
    window?.removeEventListener('pageshow', shown);
    document?.removeEventListener('visibilitychange', visible);
  };
}
