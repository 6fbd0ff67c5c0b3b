import type { ConnectionStatus } from '../connection/connection.ts';
import { type CatchUp, catchUp } from './catch-up.ts';
import type { Common, Flow, Item, Message, Welcome } from './messages.ts';

export interface Follower {
  /** Asks the leader to bring this tab up to where it is. */
  hello(isStart: boolean): void;
  receive(message: Message): void;
  /** Asks for anything that is of use. */
  ask(): void;
  show(status: ConnectionStatus): void;
  retryNow(): void;
  stop(): void;
}

/**
 * Takes the leader's flows, only as an unbroken sequence. Whenever it is not in step (it has just come, the leader has
 * changed, something is missing) it says hello with its cursor, and the welcome brings it up to where the sequence
 * stands.
 *
 * @param heard the leader has said something that was of use
 */
export function createFollower(common: Common, heard: () => void): Follower {
  const { context, sink, take, post } = common;
  const { env } = context;
  let seq = 0;
  let isInStep = false;
  /** The hello that is not answered yet. */
  let asked = '';
  let catching: CatchUp | undefined;
  /** Since when it has missed what can't be had for lack of ids, until that is shown. */
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
      heard();
      seq = next;
      if (status) show(status);
      if (items.length > 0 || status?.connectedAt) showLoss(items[0]);
      if (catching) catching.flow(items);
      else items.forEach(take);
    } else if (isInStep || term > common.term) {
      common.term = term;
      hello(false);
    }
  }

  function welcomed({ term, seq: last, items, cursor, status }: Welcome): void {
    heard();
    asked = '';
    isInStep = true;
    common.term = term;
    seq = last;
    show(status);
    if (sink.lastEventId() === '') {
      lostAt = sink.lastEventAt();
      if (status.connectedAt) showLoss();
      take(['cursor', cursor]);
    } else if (items) items.forEach(take);
    else {
      catching = catchUp(common, cursor, (rest) => {
        catching = undefined;
        rest.forEach(take);
      });
    }
  }

  /** A leader that has just connected may show it itself. */
  function showLoss(next?: Item): void {
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
