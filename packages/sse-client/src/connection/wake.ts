import type { Environment } from '../environment.ts';
import { listen } from '../listen.ts';

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
  return listen([window, 'online', wake], [window, 'pageshow', shown], [document, 'visibilitychange', visible]);
}
