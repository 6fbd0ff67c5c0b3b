import type { Entry, GapEntry } from '../types.ts';

/** An async iterator over entries, with its queue. */
export interface EntryReader extends AsyncIterableIterator<Entry, undefined> {
  /** True while entries are queued, or the consumer handles the last one. */
  isBehind(): boolean;
  push(entry: Entry): void;
  /** Ends the iteration after the queued entries. */
  end(): void;
}

interface ReaderHandlers {
  /** True where back pressure is impossible. */
  isShared(): boolean;
  /** The consumer is no longer behind, or has left its loop. */
  onIdle(hasLeft: boolean): void;
}

/**
 * @param maxQueued most queued entries where back pressure is impossible; beyond that, a gap replaces the oldest ones
 */
export function createEntryReader(maxQueued: number, on: ReaderHandlers): EntryReader {
  let queue: Entry[] = [];
  /** Index of the next entry in `queue`. */
  let next = 0;
  let lastId = '';
  let isEnded = false;
  let wake: (() => void) | undefined;

  async function* read(): AsyncGenerator<Entry, undefined> {
    for (;;) {
      while (next < queue.length) {
        const entry = queue[next++]!;
        if (entry.kind === 'event') lastId = entry.id || lastId;
        yield entry;
      }
      queue = [];
      next = 0;
      on.onIdle(isEnded);
      if (isEnded) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  /** Drops the older half, so that the cost of an entry stays constant. */
  function dropOldest(): void {
    const first = queue[next]!;
    const gap: GapEntry = {
      kind: 'gap',
      key: first.key,
      reason: 'reader-too-slow',
      from: first.kind === 'gap' ? first.from : first.receivedAt,
      to: Date.now(),
      afterId: lastId,
    };
    queue.splice(0, next + (maxQueued >> 1) + 1, gap);
    next = 0;
  }

  function end(): void {
    isEnded = true;
    wake?.();
  }

  const entries = read();
  return {
    isBehind: () => queue.length > 0,
    push(entry) {
      queue.push(entry);
      if (queue.length - next > maxQueued && on.isShared()) dropOldest();
      wake?.();
    },
    end,
    next: () => entries.next(),
    return() {
      queue = [];
      // A pending call of next() ends first.
      end();
      on.onIdle(true);
      return entries.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
