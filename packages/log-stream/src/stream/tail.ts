import { setImmediate as nextTurn } from 'node:timers/promises';
import { matcherOf } from '../filter.ts';
import type { LogBatch, LogStore } from '../types.ts';
import { batchesOf } from './frames.ts';
import type { Reader } from './reader.ts';

/** Most logs that one read returns; a thousand readers may hold one batch each. */
export const readLimit = 64;

interface Member {
  readonly reader: Reader;
  readonly leave: () => void;
}

/**
 * Reads the newest logs once for all readers that have reached them: each new log is read, matched and serialised once
 * per distinct filter. A reader joins at exactly the tail's position, and leaves with a position of its own as soon as
 * its socket is full. The tail therefore queues nothing.
 */
export class Tail {
  readonly #store: LogStore;
  readonly #members = new Map<Reader, Member>();
  /** Every log up to this sequence number has been delivered to every member. */
  #position = 0;
  #unsubscribe: (() => void) | undefined;
  #notified = false;
  #reading = false;

  constructor(store: LogStore) {
    this.#store = store;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Adds a reader and resolves when it leaves. Resolves at once, without adding it, if the reader is behind the tail. */
  async join(reader: Reader): Promise<void> {
    if (this.#members.size === 0) this.#position = reader.position;
    if (reader.position < this.#position) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#members.set(reader, { reader, leave: resolve });
    if (this.#members.size === 1) {
      this.#unsubscribe = this.#store.subscribe(() => this.#notify());
      // Logs may have been appended between the reader's last read and the subscription.
      this.#notify();
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

  #notify(): void {
    this.#notified = true;
    if (!this.#reading) void this.#read();
  }

  async #read(): Promise<void> {
    this.#reading = true;
    while (this.#notified && this.#members.size > 0) {
      // One read for everything that is appended within a turn; and sockets get their turn during a flood.
      await nextTurn();
      this.#notified = false;
      const from = this.#position;
      try {
        const batch = await this.#store.read(from, {}, readLimit);
        // All members may have left during the read, and others joined at another position: read again for those.
        if (from !== this.#position) this.#notified = true;
        else this.#deliver(batch);
      } catch (error) {
        for (const { reader } of [...this.#members.values()]) reader.fail(error);
      }
    }
    this.#reading = false;
  }

  #deliver(batch: LogBatch): void {
    if (batch.firstSeq > this.#position + 1) {
      // Logs were trimmed before the tail read them. Each reader detects it by itself and sends a gap event.
      for (const { reader } of [...this.#members.values()]) this.leave(reader);
      return;
    }
    const groups = Map.groupBy(this.#members.values(), ({ reader }) => reader.group);
    for (const members of groups.values()) {
      const [first] = members;
      if (first === undefined) continue;
      const matches = matcherOf(first.reader.filter);
      const logs = batch.logs.filter(matches);
      const batches = [...batchesOf(first.reader.epoch, logs)];
      for (const { reader } of members) if (!reader.write(batches, batch.throughSeq)) this.leave(reader);
    }
    this.#position = Math.max(this.#position, batch.throughSeq);
    if (batch.throughSeq < batch.lastSeq) this.#notified = true;
  }
}
