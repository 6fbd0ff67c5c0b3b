import type { Connection, ConnectionContext, ConnectionSink } from '../connection/connection.ts';
import { joinTabs, type Tab } from './tab.ts';

/**
 * Makes this page one of the tabs with the same URL and name while it is active. A frozen page, or one in the
 * back/forward cache, leaves: it must neither lead nor be waited for. It joins again when it is restored.
 *
 * @param connect creates a connection of this tab's own. It is a parameter, so that a bundler puts it into the main chunk,
 * and this module into one that is loaded on demand
 */
export function shareTabs(
  context: ConnectionContext,
  connect: (sink: ConnectionSink) => Connection,
  locks: LockManager,
  Channel: typeof BroadcastChannel,
  sink: ConnectionSink,
): Connection {
  const { window, document } = context.env;
  let on = new AbortController();
  let tab: Tab | undefined;

  function join(isStart: boolean): void {
    tab ??= joinTabs(context, connect, locks, Channel, sink, isStart);
  }

  function leave(): void {
    tab?.leave();
    tab = undefined;
  }

  return {
    start() {
      on = new AbortController();
      const { signal } = on;
      const rejoin = () => join(false);
      window?.addEventListener('pagehide', leave, { signal });
      window?.addEventListener('pageshow', rejoin, { signal });
      document?.addEventListener('freeze', leave, { signal });
      document?.addEventListener('resume', rejoin, { signal });
      join(true);
    },
    stop() {
      on.abort();
      leave();
      sink.status({ role: 'standalone' });
    },
    retryNow: () => tab?.retryNow(),
  };
}
