import type { ConnectionStatus } from '../connection/connection.ts';
import { type Common, type Item, itemsFrom, type Message } from './messages.ts';

export interface Leader {
  receive(message: Message): void;
  retryNow(): void;
  stop(): void;
}

/** Holds the connection, and sends the other tabs everything that it receives. */
export function startLeader(common: Common): Leader {
  const { context, sink, history, post } = common;
  const { env } = context;
  let seq = 0;
  let unsent: Item[] = [];
  let hasNewStatus = false;
  let isScheduled = false;
  let isOver = false;

  // Higher than every known term and, thanks to the clock, most likely higher than every unknown one. The fraction
  // makes it unique.
  common.term = Math.max(common.term + 1, env.Date.now()) + env.Math.random();
  common.status = { ...common.status, connectedAt: null, upstream: null, since: null };
  sink.status({ ...common.status, role: 'leader' });
  const connection = common.connect({
    ...sink,
    status(given) {
      const patch = withTextCause(given);
      common.status = { ...common.status, ...patch };
      hasNewStatus = true;
      sink.status(patch);
      sendSoon();
    },
    resume: (cursor) => void pass(['resume', cursor]),
    event: (event) => pass(['event', event]),
    cursor: (id) => void pass(['cursor', id]),
    gap: (gap) => pass(['gap', gap]),
    // A slow reader in this tab must not delay the others.
    ready: () => undefined,
  });
  connection.start();

  function pass(item: Item): boolean {
    const wasCatchingUp = sink.isCatchingUp();
    const isNew = common.take(item);
    if (isNew) unsent.push(item);
    // The others don't get the repeats, so they could not detect that the catch-up is over.
    if (wasCatchingUp && !sink.isCatchingUp()) unsent.push(['live', '']);
    sendSoon();
    return isNew;
  }

  /** Sends what was read in one chunk as one message. */
  function sendSoon(): void {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(() => {
      if (!isOver) send();
    });
  }

  function send(): void {
    isScheduled = false;
    const { term, status } = common;
    post({ kind: 'flow', term, seq: ++seq, items: unsent, ...(hasNewStatus && { status }) });
    unsent = [];
    hasNewStatus = false;
  }

  function welcome(to: string, id: string): void {
    const { term, status } = common;
    const cursor = sink.lastEventId();
    const tail = itemsFrom(history, cursor) ?? [];
    post({ kind: 'welcome', to, term, seq, items: itemsFrom(history, id), tail, cursor, status });
  }

  return {
    receive(message) {
      if (message.kind === 'hello') {
        const { status } = common.status;
        if (message.isStart && (status === 'unauthorized' || status === 'closed')) {
          connection.stop();
          connection.start();
        }
        welcome(message.from, message.id);
      } else if (message.kind === 'ping') send();
      else if (message.kind === 'retry') connection.retryNow();
    },
    retryNow: connection.retryNow,
    stop() {
      isOver = true;
      connection.stop();
    },
  };
}

/** The cause of an error may be of a type that can't be sent to other tabs, so every tab gets its text. */
function withTextCause({ lastError, ...patch }: ConnectionStatus): ConnectionStatus {
  if (!lastError) return lastError === null ? { ...patch, lastError } : patch;
  const { cause, ...error } = lastError;
  return { ...patch, lastError: { ...error, ...(cause !== undefined && { cause: textOf(cause) }) } };
}

function textOf(cause: unknown): string {
  if (cause instanceof Response) return `HTTP ${cause.status}`;
  return Object.prototype.toString.call(cause) === '[object Object]' ? (cause as Error).message : String(cause);
}
