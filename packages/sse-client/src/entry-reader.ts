import type { Entry } from './types.ts';

/** An async iterator over entries, with its queue. */
export interface EntryReader extends AsyncIterableIterator<Entry, undefined> {
  /** True while entries are queued, or the consumer handles the last one. */
  isBehind(): boolean;
  push(entry: Entry): void;
  /** Ends the iteration after the queued entries. */
  end(): void;
  return(): Promise<IteratorResult<Entry, undefined>>;
}

/** Shortens a queue that is too long, and returns true; `next` is the index of the first entry that waits. */
export type DropOldest = (queue: Entry[], next: number, lastId: string) => boolean;

/**
 * @param onIdle the consumer is no longer behind, or has left its loop
 * @param dropOldest called after each push where back pressure is impossible
 */
export function createEntryReader(onIdle: (hasLeft: boolean) => void, dropOldest?: DropOldest): EntryReader {
  let queue: Entry[] = [];
  let next = 0;
  let lastId = '';
  let isEnded = false;
  let wake: (() => void) | undefined;

  async function* read(): AsyncGenerator<Entry, undefined> {
    for (;;) {
      while (next < queue.length) {
        const entry = queue[next++]!;
        lastId = entry.id || lastId;
        yield entry;
      }
      queue = [];
      next = 0;
      onIdle(isEnded);
      if (isEnded) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
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
      if (dropOldest?.(queue, next, lastId)) next = 0;
      wake?.();
    },
    end,
    next: () => entries.next(),
    return() {
      queue = [];
      // A call of next() that waits ends first.
      end();
      onIdle(true);
      return entries.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
