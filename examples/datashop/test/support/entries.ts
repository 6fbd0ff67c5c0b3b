import type { Entry, EntryList, EventEntry, GapEntry } from '@datashop/sse-client';

/** A minimal implementation of the client's list. */
export class ListModel {
  entries: Entry[] = [];
  offset = 0;
  generation = 1;
  #nextKey = 1;

  /** The current view. */
  list(): EntryList {
    const entries = [...this.entries];
    return {
      length: entries.length,
      offset: this.offset,
      generation: this.generation,
      at: (index) => (index < 0 ? undefined : entries[index]),
      slice: (start, end) => entries.slice(start, end),
      [Symbol.iterator]: () => entries[Symbol.iterator](),
    };
  }

  event(data: string, more: Partial<EventEntry> = {}): EventEntry {
    const key = this.#nextKey++;
    return { kind: 'event', key, id: `e-${key}`, event: 'message', data, receivedAt: 1_000, origin: 'new', ...more };
  }

  gap(): GapEntry {
    return { kind: 'gap', key: this.#nextKey++, reason: 'no-ids', from: 1_000, to: 2_000, afterId: 'e-1' };
  }

  append(...entries: Entry[]): void {
    this.entries.push(...entries);
  }

  trim(count: number): void {
    this.offset += this.entries.splice(0, count).length;
  }

  /** Inserts entries anywhere, which begins a new generation. */
  insert(index: number, ...entries: Entry[]): void {
    this.entries.splice(index, 0, ...entries);
    this.offset = 0;
    this.generation += 1;
  }

  clear(): void {
    this.entries = [];
    this.offset = 0;
    this.generation += 1;
  }
}

export function logData(level: string, message: string, more: object = {}): string {
  return JSON.stringify({
    logLevel: level,
    message,
    stageName: 'ETL_PROCESSING',
    description: '',
    duration: '3.2s',
    meta: { timestamp: Date.UTC(2026, 10, 23, 14, 2, 10) },
    ...more,
  });
}
