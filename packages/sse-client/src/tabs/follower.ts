import type { ConnectionStatus } from '../connection/connection.ts';
import { type CatchUp, catchUp } from './catch-up.ts';
import type { Common, Flow, Item, Message, Welcome } from './messages.ts';

export interface Follower {
  /** Requests from the leader what this tab lacks up to the leader's position. */
  hello(isStart: boolean): void;
  receive(message: Message): void;
  /** Requests a message from the leader, to check that it is alive. */
  ask(): void;
  show(status: ConnectionStatus): void;
  retryNow(): void;
  stop(): void;
}

/**
 * Accepts the leader's flows only as an unbroken sequence. Whenever this tab is out of step (it has just joined, the
 * leader has changed, a message is missing), it sends a hello with its cursor; the welcome brings it up to date.
 *
 * @param alive called for every message of the leader that this tab could use
 */
export function createFollower(common: Common, alive: () => void): Follower {
  const { context, sink, take, post } = common;
  const { env } = context;
  let seq = 0;
  let isInStep = false;
  /** Identifies the hello without a welcome; '' if there is none. */
  let asked = '';
  let catching: CatchUp | undefined;
  /**
   * True if a catch-up may have received events that the leader has not sent yet. Then the leader's items may be
   * repeats here, even once the leader reports that it is live.
   */
  let isAhead = false;
  /**
   * Since when events have been missing that can't be fetched, for lack of ids; null once the gap has been recorded.
   */
  let lostAt: number | null = null;

  function hello(isStart: boolean): void {
    stop();
    asked = String(env.Math.random());
    post({ kind: 'hello', from: asked, id: sink.lastEventId(), isStart });
  }

  function stop(): void {
    catching?.stop();
    catching = undefined;
    isInStep = false;
    asked = '';
  }

  function show(status: ConnectionStatus): void {
    common.status = status;
    sink.status({ ...status, role: 'follower' });
  }

  function follow({ term, seq: next, items, status }: Flow): void {
    if (term < common.term) return;
    if (isInStep && term === common.term && next === seq + 1) {
      alive();
      seq = next;
      if (status) show(status);
      if (items.length > 0 || status?.connectedAt) recordLoss(items.find(([kind]) => kind !== 'resume'));
      if (catching) catching.flow(items);
      else items.forEach(takeInOrder);
    } else if (isInStep || term > common.term) {
      common.term = term;
      hello(false);
    }
  }

  function welcomed({ term, seq: last, items, tail, cursor, status }: Welcome): void {
    alive();
    asked = '';
    isInStep = true;
    common.term = term;
    seq = last;
    show(status);
    if (sink.lastEventId() === '') {
      lostAt = sink.lastEventAt();
      if (status.connectedAt) recordLoss();
      takeRepeated([['cursor', cursor]]);
      sink.live();
    } else if (items) {
      takeRepeated(sink.has(sink.lastEventId()) ? items : withoutOnlyEvent(items));
      sink.live();
    } else {
      catching = catchUp(common, tail, cursor, (rest) => {
        catching = undefined;
        isAhead = true;
        takeRepeated(rest);
      });
    }
  }

  /** Takes items, of which this tab may already have some. */
  function takeRepeated(items: readonly Item[]): void {
    sink.resume(sink.lastEventId());
    items.forEach(takeInOrder);
  }

  function takeInOrder(item: Item): void {
    isAhead &&= sink.isCatchingUp();
    if (!isAhead || item[0] !== 'live') take(item);
  }

  /** @param next the next item; if it is a gap, the leader has recorded the loss itself */
  function recordLoss(next?: Item): void {
    if (lostAt !== null && next?.[0] !== 'gap')
      take(['gap', { reason: 'no-ids', from: lostAt, to: env.Date.now(), afterId: '' }]);
    lostAt = null;
  }

  return {
    hello,
    receive(message) {
      if (message.kind === 'flow') follow(message);
      else if (message.kind === 'welcome' && message.to === asked) welcomed(message);
    },
    ask: () => (isInStep ? post({ kind: 'ping' }) : hello(false)),
    show,
    retryNow: () => post({ kind: 'retry' }),
    stop,
  };
}

/**
 * Returns the items that a tab lacks which has a cursor but no event with its id. Such a tab continues after that
 * event. Where several events share the id, it continues before the first of them [R36].
 *
 * @param items as in a welcome: they begin with the id of the tab
 */
function withoutOnlyEvent(items: Item[]): Item[] {
  const [[, id], ...rest] = items as [Item, ...Item[]];
  const isOfId = ([kind, value]: Item) => kind === 'event' && value.id === id;
  return rest.filter(isOfId).length === 1 ? rest.filter((item) => !isOfId(item)) : items;
}
