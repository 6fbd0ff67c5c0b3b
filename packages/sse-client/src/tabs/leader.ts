import { type Common, type Item, itemsAfter, type Message } from './messages.ts';

export interface Leader {
  receive(message: Message): void;
  retryNow(): void;
  stop(): void;
}

/** Holds the connection, and tells the other tabs all that it says. */
export function startLeader(common: Common): Leader {
  const { context, sink, history, post } = common;
  const { env } = context;
  let seq = 0;
  let untold: Item[] = [];
  let hasNewStatus = false;
  let isToTell = false;
  let isOver = false;

  // Higher than any that it knows, most likely than any that it can't know, and nobody else's.
  common.term = Math.max(common.term + 1, env.Date.now()) + env.Math.random();
  common.status = { ...common.status, connectedAt: null };
  sink.status({ ...common.status, role: 'leader' });
  const link = common.connect({
    ...sink,
    status(patch) {
      common.status = { ...common.status, ...patch };
      hasNewStatus = true;
      sink.status(patch);
      tellSoon();
    },
    event: (event) => pass(['event', event]),
    cursor: (id) => pass(['cursor', id]),
    gap: (gap) => pass(['gap', gap]),
  });
  link.start();

  function pass(item: Item): void {
    common.take(item);
    untold.push(item);
    tellSoon();
  }

  /** What was read in one piece is told in one message. */
  function tellSoon(): void {
    if (isToTell) return;
    isToTell = true;
    queueMicrotask(() => {
      if (!isOver) tell();
    });
  }

  function tell(): void {
    isToTell = false;
    const { term, status } = common;
    post({ kind: 'flow', term, seq: ++seq, items: untold, ...(hasNewStatus && { status }) });
    untold = [];
    hasNewStatus = false;
  }

  return {
    receive(message) {
      if (message.kind === 'hello') {
        const { status } = common.status;
        if (message.isStart && (status === 'unauthorized' || status === 'closed')) {
          link.stop();
          link.start();
        }
        const items = itemsAfter(history, message.id);
        const { term } = common;
        post({
          kind: 'welcome',
          to: message.from,
          term,
          seq,
          items,
          cursor: sink.lastEventId(),
          status: common.status,
        });
      } else if (message.kind === 'ping') tell();
      else if (message.kind === 'retry') link.retryNow();
    },
    retryNow: link.retryNow,
    stop() {
      isOver = true;
      link.stop();
    },
  };
}
