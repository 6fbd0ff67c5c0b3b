import { elect } from './election.ts';
import { createFollower } from './follower.ts';
import { type Leader, startLeader } from './leader.ts';
import { type Common, type Item, type Message, protocol, type TabParts } from './messages.ts';

/** The least number of items that a tab keeps for tabs that have fallen behind. */
const historyItems = 5_000;

/** This page as one of the tabs, from joining to leaving. */
export interface Tab {
  retryNow(): void;
  leave(): void;
}

/** Joins the tabs with the same URL and scope: as a follower, until this tab gets the lock. */
export function joinTabs({ scope, context, sink, locks, Channel, connect }: TabParts, isStart: boolean): Tab {
  const { url, config, env } = context;
  const name = `${protocol}:${JSON.stringify([scope, new URL(url, globalThis.location?.href).href])}`;
  const channel = new Channel(name);
  const history: Item[] = [];

  function keep(item: Item): void {
    history.push(item);
    if (history.length > 2 * historyItems) history.splice(0, historyItems);
  }

  function deliver([kind, value]: Item): boolean {
    if (kind === 'event') return sink.event(value);
    if (kind === 'gap') return sink.gap(value);
    if (kind === 'cursor') sink.cursor(value);
    else if (kind === 'resume') sink.resume(value);
    else sink.live();
    return true;
  }

  const common: Common = {
    context,
    connect,
    sink,
    history,
    term: 0,
    status: { status: 'connecting', attempt: 0, retryAt: null },
    take(item) {
      const isNew = deliver(item);
      if (isNew && item[0] !== 'resume' && item[0] !== 'live') keep(item);
      return isNew;
    },
    post: (message) => channel.postMessage({ protocol, ...message }),
  };
  let leader: Leader | undefined;
  const follower = createFollower(common, () => election.alive());

  function receive(message: Message): void {
    // Another tab has the lock; the lock manager is about to notify this one.
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
    // The next step is a hello, in response to the new leader's first flow.
    follow() {
      leader?.stop();
      leader = undefined;
      follower.show({ ...common.status, status: 'connecting', retryAt: null, upstream: null, since: null });
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
