import type { Connection, ConnectionContext, ConnectionSink } from '../connection/connection.ts';
import { elect } from './election.ts';
import { createFollower } from './follower.ts';
import { type Leader, startLeader } from './leader.ts';
import { type Common, type Item, type Message, protocol } from './messages.ts';

/** What a tab can give to those that are behind it: at least so many of the newest items. */
const historyItems = 5_000;

/** This page's part among the tabs, from when it joins to when it leaves. */
export interface Tab {
  retryNow(): void;
  leave(): void;
}

/** Joins the tabs with the same URL and name: as a follower, until it has the lock. */
export function joinTabs(
  context: ConnectionContext,
  connect: (sink: ConnectionSink) => Connection,
  locks: LockManager,
  Channel: typeof BroadcastChannel,
  sink: ConnectionSink,
  isStart: boolean,
): Tab {
  const { url, config, env } = context;
  const name = `${protocol}:${JSON.stringify([config.shareTabs, new URL(url, globalThis.location?.href).href])}`;
  const channel = new Channel(name);
  const history: Item[] = [];

  function keep(item: Item): void {
    history.push(item);
    if (history.length > 2 * historyItems) history.splice(0, historyItems);
  }

  const common: Common = {
    context,
    connect,
    sink,
    history,
    term: 0,
    status: { status: 'connecting', attempt: 0, retryAt: null },
    take(item) {
      keep(item);
      if (item[0] === 'cursor') sink.cursor(item[1]);
      else if (item[0] === 'event') sink.event(item[1]);
      else sink.gap(item[1]);
    },
    post: (message) => channel.postMessage({ protocol, ...message }),
  };
  let leader: Leader | undefined;
  const follower = createFollower(common, () => election.heard());

  function receive(message: Message): void {
    // Another tab has the lock, and this one will be told so.
    if (leader && message.kind === 'flow' && message.term > common.term) election.stepDown();
    (leader ?? follower).receive(message);
  }

  channel.onmessage = ({ data }) => {
    if (data?.protocol === protocol) receive(data);
  };
  sink.status(common.status);
  if (sink.lastEventId() !== '') keep(['cursor', sink.lastEventId()]);
  const election = elect(env, locks, name, config.watchdogMs, {
    lead() {
      follower.stop();
      leader = startLeader(common);
    },
    // The new leader's first flow is answered by a hello.
    follow() {
      leader?.stop();
      leader = undefined;
      follower.show({ ...common.status, status: 'connecting', retryAt: null });
    },
    ask: follower.ask,
  });
  follower.hello(isStart);

  return {
    retryNow: () => (leader ?? follower).retryNow(),
    leave() {
      leader?.stop();
      follower.stop();
      election.leave();
      channel.close();
    },
  };
}
