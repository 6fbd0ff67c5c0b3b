import { type Common, type Item, itemsAfter } from './messages.ts';

/** Ids that are remembered, and items that wait: more than a connection that works ever needs. */
const maxWaiting = 10_000;

export interface CatchUp {
  /** What the leader tells meanwhile. */
  flow(items: Item[]): void;
  stop(): void;
}

/**
 * From where this tab is to where the leader is, over a connection of its own, until that meets what the leader has
 * told. `take` gets what it brings, `done` what the leader told after that.
 *
 * @param position the leader's cursor when the flow began
 */
export function catchUp(
  { context, connect, sink, take }: Common,
  position: string,
  done: (items: Item[]) => void,
): CatchUp {
  const caught = new Set<string>();
  const waiting: Item[] = [];
  let isOver = false;

  const link = connect({
    ...sink,
    status({ status }) {
      if (status === 'unauthorized' || status === 'closed') giveUp();
    },
    event: (event) => take(['event', event]),
    gap: (gap) => take(['gap', gap]),
    cursor(id) {
      take(['cursor', id]);
      caught.add(id);
      for (const oldest of caught) {
        if (caught.size <= maxWaiting) break;
        caught.delete(oldest);
      }
      // The event of this id comes first.
      queueMicrotask(meet);
    },
  });

  function meet(): void {
    if (isOver) return;
    for (let index = waiting.length - 1; index >= 0; index--) {
      const [kind, value] = waiting[index]!;
      if (kind === 'cursor' && caught.has(value)) return finish(itemsAfter(waiting, value)!);
    }
    if (caught.has(position)) finish(waiting);
  }

  /** They can't meet: shown as a gap, and on with the leader. */
  function giveUp(): void {
    const now = context.env.Date.now();
    const from = sink.lastEventAt() ?? now;
    finish([
      ['gap', { reason: 'unknown-id', from, to: now, afterId: sink.lastEventId() }],
      ['cursor', position],
      ...waiting,
    ]);
  }

  function finish(items: Item[]): void {
    stop();
    done(items);
  }

  function stop(): void {
    isOver = true;
    link.stop();
  }

  link.start();
  return {
    flow(items) {
      waiting.push(...items);
      if (waiting.length > maxWaiting) giveUp();
      else meet();
    },
    stop,
  };
}
