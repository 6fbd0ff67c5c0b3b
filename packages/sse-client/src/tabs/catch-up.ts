import { fingerprint } from '../fingerprint.ts';
import { type Common, type Item, itemsFrom } from './messages.ts';

/** Upper bound for the ids that are remembered, and for the leader's items that are queued. */
const maxWaiting = 10_000;

export interface CatchUp {
  /** Items that the leader has sent meanwhile. */
  flow(items: readonly Item[]): void;
  stop(): void;
}

/**
 * Catches a follower up through its own connection, until that connection reaches an event that the leader has sent.
 * The connection's items go to `common.take`. `done` gets the leader's items from that event on, some of which may be
 * repeats.
 *
 * @param tail the leader's items with its last id
 * @param position the leader's cursor
 */
export function catchUp(
  { context, connect, sink, take }: Common,
  tail: readonly Item[],
  position: string,
  done: (items: readonly Item[]) => void,
): CatchUp {
  /** Fingerprints of events and ids that this connection has received. */
  const received = new Set<string>();
  const waiting: Item[] = [...tail];
  let isOver = false;

  const connection = connect({
    ...sink,
    // Back pressure here would delay nothing but the catch-up.
    ready: () => undefined,
    status({ status }) {
      if (status === 'unauthorized' || status === 'closed') giveUp();
    },
    event(event) {
      const isNew = take(['event', event]);
      if (event.id !== '') reach(fingerprint(event));
      return isNew;
    },
    gap: (gap) => take(['gap', gap]),
    cursor(id) {
      take(['cursor', id]);
      // The event of this id follows.
      queueMicrotask(() => reach(id));
    },
  });

  function reach(key: string): void {
    received.add(key);
    if (received.size > maxWaiting) received.delete(received.keys().next().value!);
    join();
  }

  /**
   * Joins the leader's flow at the newest queued item that this connection has received, from the first item with its
   * id on.
   */
  function join(): void {
    if (isOver) return;
    for (let index = waiting.length - 1; index >= 0; index--) {
      const [kind, value] = waiting[index]!;
      const isReached =
        kind === 'event'
          ? value.id !== '' && received.has(fingerprint(value))
          : kind === 'cursor' && isLone(index, value);
      if (!isReached) continue;
      const reached = itemsFrom(waiting.slice(0, index + 1), idAt(index)) ?? [];
      return finish([...reached, ...waiting.slice(index + 1)]);
    }
  }

  /**
   * True if this connection has received the id, and the item is not followed by its event: a lone id, or that of a
   * gap.
   */
  function isLone(index: number, id: string): boolean {
    const next = waiting[index + 1];
    return received.has(id) && !(next?.[0] === 'event' && next[1].id === id);
  }

  function idAt(index: number): string {
    const [, value] = waiting[index]!;
    return typeof value === 'string' ? value : (value.id ?? '');
  }

  /** Gives up with a gap and continues with the leader. */
  function giveUp(): void {
    const now = context.env.Date.now();
    const from = sink.lastEventAt() ?? now;
    finish([
      ['gap', { reason: 'unknown-id', from, to: now, afterId: sink.lastEventId() }],
      ['cursor', position],
      ...waiting.slice(tail.length),
    ]);
  }

  function finish(items: readonly Item[]): void {
    stop();
    done(items);
  }

  function stop(): void {
    isOver = true;
    connection.stop();
  }

  connection.start();
  return {
    flow(items) {
      waiting.push(...items);
      if (waiting.length > maxWaiting) giveUp();
      else join();
    },
    stop,
  };
}
