import type { StreamTabs } from '../connection/connection.ts';
import { type Rules, readRules, text } from '../options.ts';
import type { SharedTabs, SharedTabsOptions } from '../types.ts';
import { pageConnection } from './page.ts';

const rules: Rules<keyof SharedTabsOptions> = { scope: ['', text] };

/**
 * Uses one connection for all tabs of this origin that stream the same URL, by Web Locks and BroadcastChannel. Pass it
 * as the option `tabs`. Without browser support (both need a secure context) each tab connects by itself.
 *
 * @throws TypeError for a wrong option; the message names it, what was expected and what arrived
 * @example
 * ```ts
 * createEventStream('/sse/logs/stream', { tabs: sharedTabs({ scope: user.id }) });
 * ```
 */
export function sharedTabs(options: SharedTabsOptions = {}): SharedTabs {
  const { scope } = readRules(options as Required<SharedTabsOptions>, rules, 'tabs.');
  const tabs: StreamTabs = {
    option: 'tabs',
    scope,
    connection(context, sink, connect) {
      const { navigator, BroadcastChannel: Channel } = context.env;
      const locks = navigator?.locks;
      return locks && Channel
        ? pageConnection({ scope, context, sink, locks, Channel, connect: (to) => connect(context, to) })
        : connect(context, sink);
    },
  };
  return tabs;
}
