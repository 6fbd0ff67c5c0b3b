import type { Connection, ConnectionContext, ConnectionSink } from '../connection/connection.ts';
import { directConnection } from '../connection/direct-connection.ts';

/** Loads the code for shared tabs, which most pages don't need. */
export const loadTabs = () => import('./page.ts');

/**
 * One connection for all tabs with the same URL and name: a lock elects the leader, which connects; the others follow.
 * Falls back to a connection of this tab's own without `shareTabs`, without locks or channels (which need a secure
 * context), or if the code can't be loaded.
 */
export function tabsConnection(context: ConnectionContext, sink: ConnectionSink, load = loadTabs): Connection {
  const { navigator, BroadcastChannel } = context.env;
  const locks = navigator?.locks;
  const connect = (to: ConnectionSink) => directConnection(context, to);
  const standalone = connect(sink);
  if (context.config.shareTabs === false || !locks || !BroadcastChannel) return standalone;
  let isOn = false;
  let connection: Connection | undefined;

  return {
    async start() {
      isOn = true;
      sink.status({ status: 'connecting' });
      // Without the chunk, this tab connects by itself.
      const loaded = await load().catch(() => undefined);
      // It may have been stopped meanwhile, and started again.
      if (!isOn || connection) return;
      connection = loaded ? loaded.shareTabs(context, connect, locks, BroadcastChannel, sink) : standalone;
      connection.start();
    },
    stop() {
      isOn = false;
      connection?.stop();
      connection = undefined;
    },
    retryNow: () => connection?.retryNow(),
  };
}
