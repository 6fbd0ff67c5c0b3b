import { directLink } from './direct-link.ts';
import type { Link, LinkContext, LinkSink, LinkStatus } from './link.ts';
import { type CatchUp, catchUp } from './tabs-catch-up.ts';
import { elect } from './tabs-election.ts';
import { type Item, itemsAfter, type Message, protocol, type Welcome } from './tabs-messages.ts';

/** What a tab can give to those that are behind it: at least so many of the newest items. */
const historyItems = 5_000;

/** This page's part among the tabs, from when it joins to when it leaves. */
export interface Tab {
  retryNow(): void;
  leave(): void;
}

/**
 * A follower takes the leader's flows only as an unbroken sequence. Whenever it is not in step (it has just come, the
 * leader has changed, something is missing) it says hello with its cursor, and the welcome brings it up to where the
 * sequence stands.
 */
export function joinTabs(
  context: LinkContext,
  locks: LockManager,
  Channel: typeof BroadcastChannel,
  sink: LinkSink,
  isStart: boolean,
): Tab {
  const { url, config, env } = context;
  const name = `${protocol}:${JSON.stringify([config.shareTabs, new URL(url, globalThis.location?.href).href])}`;
  let term = 0;
  let seq = 0;
  let status: LinkStatus = { status: 'connecting', attempt: 0, retryAt: null };
  /** All that came since it joined, from a known cursor on, without a hole that is not shown. */
  const history: Item[] = [];
  /** While it leads. */
  let direct: Link | undefined;
  /** What the next flow will tell. */
  let untold: Item[] = [];
  let hasNewStatus = false;
  let isTelling = false;
  /** While it follows: the hello that is not answered yet. */
  let asked = '';
  let isInStep = false;
  let catching: CatchUp | undefined;
  /** Since when it has missed what can't be had for lack of ids, until that is shown. */
  let lostAt: number | null = null;

  const channel = new Channel(name);
  channel.onmessage = ({ data }) => {
    if (data?.protocol === protocol) receive(data);
  };
  const post = (message: Message) => channel.postMessage({ protocol, ...message });

  function keep(item: Item): void {
    history.push(item);
    if (history.length > 2 * historyItems) history.splice(0, historyItems);
  }

  function take(item: Item): void {
    keep(item);
    if (item[0] === 'cursor') sink.cursor(item[1]);
    else if (item[0] === 'event') sink.event(item[1]);
    else sink.gap(item[1]);
  }

  // The leader's side.

  function lead(): void {
    catching?.stop();
    isInStep = false;
    asked = '';
    // Higher than any that it knows, most likely than any that it can't know, and nobody else's.
    term = Math.max(term + 1, env.now()) + env.random();
    seq = 0;
    status = { ...status, connectedAt: null };
    sink.status({ ...status, role: 'leader' });
    const tellItem = (item: Item) => {
      take(item);
      untold.push(item);
      tellSoon();
    };
    direct = directLink(context, {
      ...sink,
      status(patch) {
        status = { ...status, ...patch };
        hasNewStatus = true;
        sink.status(patch);
        tellSoon();
      },
      event: (event) => tellItem(['event', event]),
      cursor: (id) => tellItem(['cursor', id]),
      gap: (gap) => tellItem(['gap', gap]),
    });
    direct.start();
  }

  /** What was read in one piece is told in one message. */
  function tellSoon(): void {
    if (isTelling) return;
    isTelling = true;
    queueMicrotask(() => {
      if (isTelling) tell();
    });
  }

  function tell(): void {
    isTelling = false;
    post({ kind: 'flow', term, seq: ++seq, items: untold, ...(hasNewStatus && { status }) });
    untold = [];
    hasNewStatus = false;
  }

  function receiveAsLeader(leading: Link, message: Message): void {
    switch (message.kind) {
      case 'hello': {
        if (message.isStart && (status.status === 'unauthorized' || status.status === 'closed')) {
          leading.stop();
          leading.start();
        }
        const items = itemsAfter(history, message.id);
        post({ kind: 'welcome', to: message.from, term, seq, items, cursor: sink.lastEventId(), status });
        break;
      }
      case 'ping':
        tell();
        break;
      case 'retry':
        leading.retryNow();
        break;
      case 'flow':
        if (message.term <= term) break;
        election.stepDown();
        receiveAsFollower(message);
    }
  }

  function abdicate(): void {
    isTelling = false;
    untold = [];
    direct?.stop();
    direct = undefined;
  }

  // The follower's side.

  function hello(starts: boolean): void {
    catching?.stop();
    catching = undefined;
    isInStep = false;
    asked = String(env.random());
    post({ kind: 'hello', from: asked, id: sink.lastEventId(), isStart: starts });
  }

  function receiveAsFollower(message: Message): void {
    if (message.kind === 'welcome' && message.to === asked) welcomed(message);
    if (message.kind !== 'flow' || message.term < term) return;
    if (isInStep && message.term === term && message.seq === seq + 1) {
      election.heard();
      seq++;
      if (message.status) follow(message.status);
      if (message.items.length > 0 || message.status?.connectedAt) showLoss(message.items[0]);
      if (catching) catching.flow(message.items);
      else message.items.forEach(take);
    } else if (isInStep || message.term > term) {
      term = message.term;
      hello(false);
    }
  }

  function welcomed(message: Welcome): void {
    election.heard();
    asked = '';
    isInStep = true;
    ({ term, seq } = message);
    follow(message.status);
    const { items, cursor } = message;
    if (sink.lastEventId() === '') {
      lostAt = sink.lastEventAt();
      if (status.connectedAt) showLoss();
      take(['cursor', cursor]);
    } else if (items) items.forEach(take);
    else {
      catching = catchUp(context, sink, cursor, take, (rest) => {
        catching = undefined;
        rest.forEach(take);
      });
    }
  }

  /** A leader that has just connected may show it itself. */
  function showLoss(next?: Item): void {
    if (lostAt !== null && next?.[0] !== 'gap')
      take(['gap', { reason: 'no-ids', from: lostAt, to: env.now(), afterId: '' }]);
    lostAt = null;
  }

  function follow(leaders: LinkStatus): void {
    status = leaders;
    sink.status({ ...leaders, role: 'follower' });
  }

  function receive(message: Message): void {
    if (direct) receiveAsLeader(direct, message);
    else receiveAsFollower(message);
  }

  sink.status(status);
  if (sink.lastEventId() !== '') keep(['cursor', sink.lastEventId()]);
  const election = elect(env, locks, name, config.watchdogMs, {
    lead,
    follow() {
      abdicate();
      // The new leader's first flow is answered by a hello.
      follow({ ...status, status: 'connecting', retryAt: null });
    },
    ask: () => (isInStep ? post({ kind: 'ping' }) : hello(false)),
  });
  hello(isStart);

  return {
    retryNow: () => (direct ? direct.retryNow() : post({ kind: 'retry' })),
    leave() {
      abdicate();
      catching?.stop();
      election.leave();
      channel.close();
    },
  };
}
