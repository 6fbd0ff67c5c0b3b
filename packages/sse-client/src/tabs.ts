import { directLink } from './direct-link.ts';
import type { Link, LinkContext, LinkSink } from './link.ts';
import { joinTabs, type Tab } from './tabs-tab.ts';

/**
 * One connection for all tabs with the same URL and name: a lock decides who leads and connects, the others follow what
 * it tells them. Where a browser has no locks or no channel, or the page is not a secure context, a connection of this
 * tab's own.
 */
export function tabsLink(context: LinkContext, sink: LinkSink): Link {
  const { config, env } = context;
  const { window, document, locks, BroadcastChannel } = env;
  if (config.shareTabs === false || !locks || !BroadcastChannel) return directLink(context, sink);
  let tab: Tab | undefined;

  const join = (isStart: boolean) => {
    tab ??= joinTabs(context, locks, BroadcastChannel, sink, isStart);
  };
  const leave = () => {
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
