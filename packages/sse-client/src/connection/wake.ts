import type { Environment } from '../environment.ts';
import { listen } from '../listen.ts';

/**
 * Calls `wake` when the page may have slept or had no network: it is online again, visible again, or restored from the
 * back/forward cache. Returns a function that removes the listeners.
 */
export function onWake({ window, document }: Environment, wake: () => void): () => void {
  const onVisible = () => {
    if (document!.visibilityState === 'visible') wake();
  };
  const onShow = (event: Event) => {
    if ((event as PageTransitionEvent).persisted) wake();
  };
  return listen([window, 'online', wake], [window, 'pageshow', onShow], [document, 'visibilitychange', onVisible]);
}
