import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { LogBatch, LogCursor, LogFilter, LogStore } from '../log-store.ts';
import { type Run, readLimit, runOf, type Selection, type SharedReads } from './shared-reads.ts';

/** A reader that follows the tail. */
export interface TailMember {
  readonly selection: Selection;
  /** Every log up to this place has been written, or does not match the selection. */
  readonly position: LogCursor;
  /** Writes a run. Returns false if the reader must leave the tail. */
  follow(run: Run): boolean;
  /** Breaks the stream after a failure of the store. */
  end(reason: 'store-failed'): void;
}

/** What a tail notifies. */
export interface TailListener {
  /** A read has failed. Called once, however many streams end for it. */
  report(error: unknown): void;
  /** New logs were written to all readers. `oldestAgeMs`: time since the timestamp of the oldest one. */
  onArrive(logs: number, oldestAgeMs: number): void;
}

/**
 * Least time between two deliveries, for each member. The cost of a delivery depends on the number of members and
 * hardly on the number of logs, so logs in quick succession are sent together. After a longer silence, a log is sent at
 * once.
 */
const pauseMsPerMember = 0.25;
const maxPauseMs = 25;

/**
 * Reads the newest logs of a filter once for all readers that have reached them: each new log is read once, and matched
 * and serialised once per selection. A reader joins exactly at the tail's position. While its socket is full it leaves,
 * with a position of its own, so the tail queues nothing.
 */
export class Tail {
  readonly #store: LogStore;
  readonly #filter: LogFilter;
  readonly #reads: SharedReads;
  readonly #listener: TailListener;
  /** Every member, with the function that resolves its `join`. */
  readonly #members = new Map<TailMember, () => void>();
  /** The members by the key of their selection. */
  readonly #groups = new Map<string, Set<TailMember>>();
  /** Every log up to this place has been delivered to every member. Undefined before the first one. */
  #position: LogCursor | undefined;
  #unsubscribe: (() => void) | undefined;
  #notified = false;
  #reading = false;
  /** No delivery before this time of the monotonic clock, in milliseconds. */
  #pausedUntil = 0;

  constructor(store: LogStore, filter: LogFilter, reads: SharedReads, listener: TailListener) {
    this.#store = store;
    this.#filter = filter;
    this.#reads = reads;
    this.#listener = listener;
  }

  get size(): number {
    return this.#members.size;
  }

  /**
   * Adds a reader and resolves when it leaves. Resolves at once, without adding it, if the reader is behind the tail.
   */
  async join(reader: TailMember): Promise<void> {
    if (this.#members.size === 0) this.#position = reader.position;
    else if (this.#position && reader.position.isBefore(this.#position)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#members.set(reader, resolve);
    const group = this.#groups.get(reader.selection.key);
    if (group) group.add(reader);
    else this.#groups.set(reader.selection.key, new Set([reader]));
    if (this.#members.size === 1) {
      this.#unsubscribe = this.#store.subscribe(() => this.#notify(), this.#filter);
      // Logs may have been appended between the reader's last read and the subscription.
      this.#notify();
    }
    await promise;
  }

  leave(reader: TailMember): void {
    const resolve = this.#members.get(reader);
    if (resolve === undefined) return;
    this.#members.delete(reader);
    const { key } = reader.selection;
    const group = this.#groups.get(key);
    group?.delete(reader);
    if (group?.size === 0) this.#groups.delete(key);
    resolve();
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
      // One read for everything that is appended within a turn. Also, Node passes the writes of a turn to the kernel
      // when the turn ends: before that, every socket that was sent much looks full.
      await nextTurn();
      const pauseMs = this.#pausedUntil - performance.now();
      if (pauseMs > 0) await pause(pauseMs);
      const from = this.#position;
      if (this.#members.size === 0 || from === undefined) break;
      this.#notified = false;
      try {
        const batch = await this.#store.read(from, this.#filter, readLimit);
        // All members may have left during the read, and others may have joined at another position: read again for
        // them.
        if (from !== this.#position) this.#notified = true;
        else this.#deliver(from, batch);
      } catch (error) {
        this.#listener.report(error);
        for (const reader of [...this.#members.keys()]) reader.end('store-failed');
      }
    }
    this.#reading = false;
  }

  #deliver(from: LogCursor, batch: LogBatch): void {
    // Whether the gap concerns a reader depends on its filter, so each one reads by itself.
    if (batch.gap !== undefined) {
      for (const reader of [...this.#members.keys()]) this.leave(reader);
      return;
    }
    for (const group of [...this.#groups.values()]) {
      const [first] = group;
      if (first === undefined) continue;
      const { selection } = first;
      const run = runOf(selection, from, batch, false);
      // More than may be sent in one turn: the readers continue by themselves with the kept run, each as fast as its
      // socket.
      if (run.batches.length > 1) this.#reads.keep(selection, run);
      for (const reader of [...group]) if (!reader.follow(run)) this.leave(reader);
    }
    if (from.isBefore(batch.cursor)) this.#position = batch.cursor;
    const oldest = batch.logs.find(({ log }) => log)?.log;
    if (oldest) this.#listener.onArrive(batch.logs.length, Date.now() - oldest.meta.timestamp);
    if (batch.more) this.#notified = true;
    else if (batch.logs.length > 0) {
      this.#pausedUntil = performance.now() + Math.min(maxPauseMs, this.#members.size * pauseMsPerMember);
    }
  }
}
