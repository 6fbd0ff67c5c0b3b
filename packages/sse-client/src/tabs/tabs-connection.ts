import type { Connection, ConnectionContext, ConnectionSink } from '../connection/connection.ts';
import { directConnection } from '../connection/direct-connection.ts';

/** On demand, since it is a quarter of the client, and most pages connect by themselves. */
export const loadTabs = () => import('./page.ts');

/**
 * One connection for all tabs with the same URL and name: a lock decides who leads and connects, the others follow what
 * it tells them. Where a browser has no locks or no channel, the page is not a secure context, or the code for it can't
 * be loaded, a connection of this tab's own.
 */
export function tabsConnection(context: ConnectionContext, sink: ConnectionSink, load = loadTabs): Connection {
  const { navigator, BroadcastChannel } = context.env;
  const locks = navigator?.locks;
  const connect = (to: ConnectionSink) => directConnection(context, to);
  const alone = connect(sink);
  if (context.config.shareTabs === false || !locks || !BroadcastChannel) return alone;
  let isOn = false;
  let link: Connection | undefined;

  return {
    async start() {
      isOn = true;
      sink.status({ status: 'connecting' });
      const loaded = await load().catch(() => undefined);
      // It may have been switched off since, and on again.
      if (!isOn || link) return;
      link = loaded ? loaded.shareTabs(context, connect, locks, BroadcastChannel, sink) : alone;
      link.start();
    },
    stop() {
      isOn = false;
      link?.stop();
      link = undefined;
    },
    retryNow: () => link?.retryNow(),
  };
}
