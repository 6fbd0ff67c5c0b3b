import { setImmediate as nextTurn } from 'node:timers/promises';
import { matcherOf } from './filter.ts';
import { piecesOf } from './frames.ts';
import type { Reader } from './reader.ts';
import type { LogBatch, LogStore } from './types.ts';

/** Logs read at once. A thousand readers may hold a page each. */
export const PAGE = 64;

interface Member {
  readonly reader: Reader;
  readonly leave: () => void;
}

/**
 * The newest end of the store, read once for all readers that have got there: each new log is read, matched and
 * serialised once per distinct filter. A reader joins at the tail's very position and leaves as soon as its socket is
 * full, with a position of its own; so nothing is ever queued here.
 */
export class Tail {
  readonly #store: LogStore;
  readonly #members = new Map<Reader, Member>();
  /** Everything up to here has been handed to every member. */
  #position = 0;
  #unsubscribe: (() => void) | undefined;
  #woken = false;
  #reading = false;

  constructor(store: LogStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Takes a reader in until it leaves. Returns at once, without it, when the tail has more than it: it must read on. */
  async join(reader: Reader): Promise<void> {
    if (this.#members.size === 0) this.#position = reader.position;
    if (reader.position < this.#position) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#members.set(reader, { reader, leave: resolve });
    if (this.#members.size === 1) {
      this.#unsubscribe = this.#store.subscribe(() => this.#wake());
      // Something may have come between the reader's last look and the subscription.
      this.#wake();
    }
    await promise;
  }

  leave(reader: Reader): void {
    const member = this.#members.get(reader);
    if (member === undefined) return;
    this.#members.delete(reader);
    member.leave();
    if (this.#members.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #wake(): void {
    this.#woken = true;
    if (!this.#reading) void this.#read();
  }

  async #read(): Promise<void> {
    this.#reading = true;
    while (this.#woken && this.#members.size > 0) {
      // Whatever is appended within this turn of the event loop costs one read; and under a flood sockets get their turn.
      await nextTurn();
      this.#woken = false;
      const from = this.#position;
      try {
        const batch = await this.#store.read(from, {}, PAGE);
        // All may have left meanwhile, and others may have started elsewhere: then this batch is not theirs.
        if (from !== this.#position) this.#woken = true;
        else this.#deliver(batch);
      } catch (error) {
        for (const { reader } of [...this.#members.values()]) reader.fail(error);
      }
    }
    this.#reading = false;
  }

  #deliver(batch: LogBatch): void {
    if (batch.firstSeq > this.#position + 1) {
      // Trimmed before we got to it. Each reader finds out by itself, and says so in its stream.
      for (const { reader } of [...this.#members.values()]) this.leave(reader);
      return;
    }
    const groups = Map.groupBy(this.#members.values(), ({ reader }) => reader.group);
    for (const members of groups.values()) {
      const [first] = members;
      if (first === undefined) continue;
      const matches = matcherOf(first.reader.filter);
      const logs = batch.logs.filter(({ log }) => matches(log));
      const pieces = [...piecesOf(first.reader.epoch, logs)];
      for (const { reader } of members) if (!reader.take(pieces, batch.throughSeq)) this.leave(reader);
    }
    this.#position = Math.max(this.#position, batch.throughSeq);
    if (batch.throughSeq < batch.lastSeq) this.#woken = true;
  }
}
