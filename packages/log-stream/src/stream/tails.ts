import type { LogStore } from '../log-store.ts';
import type { SharedReads } from './shared-reads.ts';
import { Tail, type TailListener, type TailMember } from './tail.ts';

/** The tails that have members: one for all logs, or one per workflow, as the store prefers. */
export class Tails {
  readonly #store: LogStore;
  readonly #reads: SharedReads;
  readonly #listener: TailListener;
  readonly #tails = new Map<string, Tail>();

  constructor(store: LogStore, reads: SharedReads, listener: TailListener) {
    this.#store = store;
    this.#reads = reads;
    this.#listener = listener;
  }

  /** Number of members of all tails. */
  get size(): number {
    let size = 0;
    for (const tail of this.#tails.values()) size += tail.size;
    return size;
  }

  /** Adds a reader to its tail and resolves when it leaves. Resolves at once if the reader is behind the tail. */
  async join(reader: TailMember): Promise<void> {
    const filter = this.#store.tailOf(reader.selection.filter);
    const key = JSON.stringify(filter);
    const tail = this.#tails.get(key) ?? new Tail(this.#store, filter, this.#reads, this.#listener);
    this.#tails.set(key, tail);
    await tail.join(reader);
    if (tail.size === 0 && this.#tails.get(key) === tail) this.#tails.delete(key);
  }

  leave(reader: TailMember): void {
    this.#tails.get(JSON.stringify(this.#store.tailOf(reader.selection.filter)))?.leave(reader);
  }
}
