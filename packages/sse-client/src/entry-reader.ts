import type { Entry, GapEntry } from './types.ts';

/** An async iterator over entries, with its queue. */
export interface EntryReader extends AsyncIterableIterator<Entry, undefined> {
  /** True while entries are queued. */
  isBehind(): boolean;
  push(entry: Entry): void;
  /** Ends the iteration after the queued entries. */
  end(): void;
  return(): Promise<IteratorReturnResult<undefined>>;
}

interface ReaderHandlers {
  /** The queue is empty again. */
  onDrained(): void;
  /** The consumer has left its loop. */
  onReturn(): void;
}

/** @param maxQueued more entries than this are replaced by a gap, the oldest first */
export function createEntryReader(maxQueued: number, on: ReaderHandlers): EntryReader {
  let queue: Entry[] = [];
  /** Index of the next entry in `queue`. */
  let next = 0;
  let lastId = '';
  let isEnded = false;
  let waiting: ((result: IteratorResult<Entry, undefined>) => void)[] = [];

  const done = { done: true, value: undefined } as const;

  function take(): IteratorResult<Entry, undefined> {
    const value = queue[next++]!;
    if (value.kind === 'event') lastId = value.id || lastId;
    if (next === queue.length) {
      queue = [];
      next = 0;
      on.onDrained();
    }
    return { done: false, value };
  }

  /** Drops the older half, so that the cost of an entry stays constant. */
  function dropOldest(): void {
    const dropped = queue.splice(0, next + (maxQueued >> 1) + 1).slice(next);
    const first = dropped[0]!;
    next = 0;
    const gap: GapEntry = {
      kind: 'gap',
      key: first.key,
      reason: 'reader-too-slow',
      from: first.kind === 'gap' ? first.from : first.receivedAt,
      to: Date.now(),
      afterId: lastId,
    };
    queue.unshift(gap);
  }

  function end(): void {
    isEnded = true;
    for (const resolve of waiting) resolve(done);
    waiting = [];
  }

  return {
    isBehind: () => next < queue.length,
    push(entry) {
      queue.push(entry);
      const resolve = waiting.shift();
      if (resolve) resolve(take());
      else if (queue.length - next > maxQueued) dropOldest();
    },
    end,
    next() {
      if (next < queue.length) return Promise.resolve(take());
      if (isEnded) return Promise.resolve(done);
      return new Promise((resolve) => waiting.push(resolve));
    },
    return() {
      queue = [];
      next = 0;
      end();
      on.onReturn();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
