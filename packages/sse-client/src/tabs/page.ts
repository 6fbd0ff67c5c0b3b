import type { Connection } from '../connection/connection.ts';
import type { TabParts } from './messages.ts';
import { joinTabs, type Tab } from './tab.ts';

/**
 * Makes this page one of the tabs with the same URL and scope while it is active. A frozen page, or one in the
 * back/forward cache, leaves, because it must neither lead nor delay the others. It joins again when it is restored.
 */
export function pageConnection(parts: TabParts): Connection {
  const { window, document } = parts.context.env;
  let on = new AbortController();
  let tab: Tab | undefined;

  function join(isStart: boolean): void {
    tab ??= joinTabs(parts, isStart);
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
      parts.sink.status({ role: 'standalone' });
    },
    retryNow: () => tab?.retryNow(),
  };
}
