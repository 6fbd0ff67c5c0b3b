import type { Connection, ConnectionContext, ConnectionSink } from '../connection/connection.ts';
import { joinTabs, type Tab } from './tab.ts';

/**
 * This page among the tabs with the same URL and name, as long as it is there: one that is put away must neither lead
 * nor be waited for. What it misses it is given when it comes back.
 *
 * @param connect makes a connection of this tab's own. Given and not imported, so that a bundler puts it where the
 * store is, and this where it is loaded only when asked for
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
