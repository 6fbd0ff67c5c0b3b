import { createEntryReader, type EntryReader } from './entry-reader.ts';
import { callSafely } from './listen.ts';
import type { Entry, EventEntry, GapEntry } from './types.ts';

/** Passes every entry of the stream to its consumers once, in order, independently of how many entries are kept. */
export interface Delivery {
  add(entry: Entry): void;
  /** Delivers what was added. Returns a promise for the time when no reader is behind, undefined if none is now. */
  ready(): Promise<void> | undefined;
  onEvents(listener: (batch: readonly EventEntry[]) => void, onGap?: (gap: GapEntry) => void): () => void;
  /** @param maxQueued how many entries may wait where back pressure is impossible */
  read(maxQueued: number): EntryReader;
  close(): void;
}

interface Consumer {
  deliver(entries: readonly Entry[]): void;
}

export function createDelivery(): Delivery {
  const consumers = new Set<Consumer>();
  const readers = new Set<EntryReader>();
  let added: Entry[] = [];
  let onDrained: (() => void) | undefined;

  function flush(): void {
    const entries = added;
    added = [];
    if (entries.length > 0) for (const consumer of [...consumers]) consumer.deliver(entries);
  }

  const isBehind = () => [...readers].some((reader) => reader.isBehind());

  function drained(): void {
    if (!onDrained || isBehind()) return;
    onDrained();
    onDrained = undefined;
  }

  return {
    add(entry) {
      if (consumers.size === 0) return;
      if (added.push(entry) === 1) queueMicrotask(flush);
    },
    ready() {
      flush();
      if (!isBehind()) return undefined;
      return new Promise((resolve) => {
        onDrained = resolve;
      });
    },
    onEvents(listener, onGap) {
      flush();
      const consumer = { deliver: (entries: readonly Entry[]) => deliverInBatches(entries, listener, onGap) };
      consumers.add(consumer);
      return () => void consumers.delete(consumer);
    },
    read(maxQueued) {
      flush();
      const reader = createEntryReader(maxQueued, {
        onDrained: drained,
        onReturn() {
          consumers.delete(consumer);
          readers.delete(reader);
          drained();
        },
      });
      const consumer: Consumer = { deliver: (entries) => entries.forEach(reader.push) };
      consumers.add(consumer);
      readers.add(reader);
      return reader;
    },
    close() {
      flush();
      for (const reader of readers) reader.end();
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
