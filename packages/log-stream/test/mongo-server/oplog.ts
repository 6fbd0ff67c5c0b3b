import { type Document, Timestamp } from 'bson';
import { Notifier } from './notifier.ts';
import type { StoredDocument } from './stored-document.ts';

/** One change, or a `noop`, which only moves the time on. */
export interface OplogEntry {
  /** Seconds since 1970 in the upper 32 bits, an ordinal in the lower. */
  readonly time: bigint;
  readonly wallTime: Date;
  readonly operation: 'insert' | 'replace' | 'update' | 'delete' | 'drop' | 'noop';
  readonly namespace: string;
  readonly document?: StoredDocument;
  /** Of an `update`: the fields that were set. */
  readonly updatedFields?: Document;
}

/** The changes in the order in which they became visible, and the server's clock. */
export class Oplog {
  readonly #entries: OplogEntry[] = [];
  /** Notified of every new entry. */
  readonly changes = new Notifier();
  #latest: bigint;

  constructor() {
    // A server that begins in the same second as an earlier one must begin at a later time.
    const now = Date.now();
    this.#latest = (BigInt(Math.floor(now / 1000)) << 32n) + BigInt((now % 1000) * 1000);
    this.append({ operation: 'noop', namespace: '' });
  }

  /** Time of the newest entry. */
  get latest(): bigint {
    return this.#latest;
  }

  /** Time of the oldest entry: no stream can start before it. */
  get oldest(): bigint {
    return this.#entries[0]?.time ?? this.#latest;
  }

  append(change: Omit<OplogEntry, 'time' | 'wallTime'>): OplogEntry {
    const second = BigInt(Math.floor(Date.now() / 1000)) << 32n;
    const time = second > this.#latest ? second + 1n : this.#latest + 1n;
    const entry = { ...change, time, wallTime: new Date() };
    this.restore(entry);
    return entry;
  }

  /** Adds an entry that was read from a file. It must be newer than all others. */
  restore(entry: OplogEntry): void {
    this.#latest = entry.time;
    this.#entries.push(entry);
    this.changes.notify();
  }

  /** Forgets all entries and one more that was never read, like an oplog that is too small for a burst of changes. */
  truncate(): void {
    this.append({ operation: 'noop', namespace: '' });
    this.#entries.length = 0;
    this.append({ operation: 'noop', namespace: '' });
  }

  /** Forgets all entries before those of a file are restored. */
  clear(): void {
    this.#entries.length = 0;
    this.#latest = 0n;
  }

  /** Index of the first entry at or after `time`. */
  indexFrom(time: bigint): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.time < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(index: number): OplogEntry | undefined {
    return this.#entries[index];
  }
}

export function toTimestamp(time: bigint): Timestamp {
  return new Timestamp(time);
}

export function fromTimestamp(timestamp: Timestamp): bigint {
  return BigInt(timestamp.getHighBitsUnsigned()) * 2n ** 32n + BigInt(timestamp.getLowBitsUnsigned());
}
