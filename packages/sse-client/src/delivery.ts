import { createEntryReader, type DropOldest, type EntryReader } from './entry-reader.ts';
import { callSafely } from './listen.ts';
import type { Entry, EventEntry, GapEntry } from './types.ts';

/** Passes every entry of the stream to its consumers once, in order, independently of how many entries are kept. */
export interface Delivery {
  add(entry: Entry): void;
  /** Delivers what was added. Returns a promise for the time when no reader is behind, undefined if none is now. */
  ready(): Promise<void> | undefined;
  onEvents(listener: (batch: readonly EventEntry[]) => void, onGap?: (gap: GapEntry) => void): () => void;
  /** @param dropOldest for where back pressure is impossible */
  read(dropOldest?: DropOldest): EntryReader;
  close(): void;
}

interface Consumer {
  deliver(entries: readonly Entry[]): void;
  readonly reader?: EntryReader;
}

export function createDelivery(): Delivery {
  const consumers = new Set<Consumer>();
  let added: Entry[] = [];
  let onIdle: (() => void) | undefined;

  function flush(): void {
    const entries = added;
    added = [];
    if (entries.length > 0) for (const consumer of [...consumers]) consumer.deliver(entries);
  }

  function join(consumer: Consumer): () => void {
    flush();
    consumers.add(consumer);
    return () => void consumers.delete(consumer);
  }

  const isBehind = () => [...consumers].some(({ reader }) => reader?.isBehind());

  return {
    add(entry) {
      if (consumers.size > 0 && added.push(entry) === 1) queueMicrotask(flush);
    },
    ready() {
      flush();
      if (!isBehind()) return undefined;
      return new Promise((resolve) => {
        onIdle = resolve;
      });
    },
    onEvents: (listener, onGap) => join({ deliver: (entries) => deliverInBatches(entries, listener, onGap) }),
    read(dropOldest) {
      const reader = createEntryReader((hasLeft) => {
        if (hasLeft) leave();
        if (!isBehind()) onIdle?.();
      }, dropOldest);
      const leave = join({ reader, deliver: (entries) => entries.forEach(reader.push) });
      return reader;
    },
    close() {
      flush();
      for (const { reader } of consumers) reader?.end();
      consumers.clear();
    },
  };
}

/** Calls `onEvents` for each run of events, and `onGap` in between, so that the order of both is that of the stream. */
function deliverInBatches(
  entries: readonly Entry[],
  onEvents: (batch: readonly EventEntry[]) => void,
  onGap: ((gap: GapEntry) => void) | undefined,
): void {
  let batch: EventEntry[] = [];
  const deliver = () => {
    const events = batch;
    batch = [];
    if (events.length > 0) callSafely(() => onEvents(events));
  };
  for (const entry of entries) {
    if (entry.kind === 'event') batch.push(entry);
    else if (onGap) {
      deliver();
      callSafely(() => onGap(entry));
    }
  }
  deliver();
}
