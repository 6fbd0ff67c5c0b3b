import { directLink } from './direct-link.ts';
import type { Link, LinkContext, LinkSink } from './link.ts';
import type { joinTabs, Tab } from './tabs-tab.ts';

let loaded: typeof joinTabs | undefined;

/** On demand, since it is a quarter of the client, and most pages connect by themselves. */
export async function loadTabs(): Promise<void> {
  loaded = (await import('./tabs-tab.ts')).joinTabs;
}

/**
 * One connection for all tabs with the same URL and name: a lock decides who leads and connects, the others follow what
 * it tells them. Where a browser has no locks or no channel, the page is not a secure context, or the code for it can't
 * be loaded, a connection of this tab's own.
 */
export function tabsLink(context: LinkContext, sink: LinkSink): Link {
  const { config, env } = context;
  const { window, document, locks, BroadcastChannel } = env;
  if (config.shareTabs === false || !locks || !BroadcastChannel) return directLink(context, sink);
  const connect = (to: LinkSink) => directLink(context, to);
  let tab: Tab | undefined;
  let isWanted = false;

  const join = (isStart: boolean) => {
    isWanted = true;
    const share = () => {
      if (isWanted) tab ??= loaded!(context, connect, locks, BroadcastChannel, sink, isStart);
    };
    if (loaded) return share();
    sink.status({ status: 'connecting' });
    loadTabs().then(share, joinAlone);
  };
  const joinAlone = () => {
    if (!isWanted || tab) return;
    const link = connect(sink);
    tab = { leave: link.stop, retryNow: link.retryNow };
    link.start();
  };
  const leave = () => {
    isWanted = false;
    tab?.leave();
    tab = undefined;
  };
  const rejoin = () => join(false);
  // A page that is put away must neither lead nor be waited for. What it misses it is given when it comes back.
  const lifecycle: [EventTarget | undefined, string, () => void][] = [
    [window, 'pagehide', leave],
    [window, 'pageshow', rejoin],
    [document, 'freeze', leave],
    [document, 'resume', rejoin],
  ];

  return {
    start() {
      for (const [target, type, listener] of lifecycle) target?.addEventListener(type, listener);
      join(true);
    },
    stop() {
      for (const [target, type, listener] of lifecycle) target?.removeEventListener(type, listener);
      leave();
      sink.status({ role: 'alone' });
    },
    retryNow: () => tab?.retryNow(),
  };
}
