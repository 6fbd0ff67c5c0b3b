import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogBatch, LogDocument, LogFilter, LogQuery, LogStore } from '../../src/index.ts';

/** Passes all calls on and counts reads and subscriptions. */
export class CountingStore implements LogStore {
  reads = 0;
  subscriptions = 0;
  protected readonly inner: LogStore;

  constructor(inner: LogStore) {
    this.inner = inner;
  }

  epoch() {
    return this.inner.epoch();
  }

  bounds(filter?: LogFilter) {
    return this.inner.bounds(filter);
  }

  contains(seq: number) {
    return this.inner.contains(seq);
  }

  append(logs: readonly LogDocument[]) {
    return this.inner.append(logs);
  }

  query(query: LogQuery) {
    return this.inner.query(query);
  }

  read(afterSeq: number, filter: LogFilter, limit: number) {
    this.reads++;
    return this.inner.read(afterSeq, filter, limit);
  }

  subscribe(listener: () => void) {
    this.subscriptions++;
    const release = this.inner.subscribe(listener);
    let released = false;
    return () => {
      if (!released) this.subscriptions--;
      released = true;
      release();
    };
  }

  health() {
    return this.inner.health();
  }

  close() {
    return this.inner.close();
  }
}

/** Like a database on a network: results arrive some turns later, in small batches. */
export class SlowStore extends CountingStore {
  readonly #delays: readonly number[];
  #calls = 0;

  /** @param delays turns of the event loop to wait, used cyclically */
  constructor(inner: LogStore, delays: readonly number[]) {
    super(inner);
    this.#delays = delays;
  }

  override async bounds(filter?: LogFilter) {
    const bounds = await super.bounds(filter);
    await this.#delay();
    return bounds;
  }

  override async query(query: LogQuery) {
    await this.#delay();
    const page = await super.query(query);
    await this.#delay();
    return page;
  }

  override async read(afterSeq: number, filter: LogFilter, limit: number) {
    await this.#delay();
    const batch = await super.read(afterSeq, filter, Math.min(limit, 3));
    await this.#delay();
    return batch;
  }

  async #delay() {
    const turns = this.#delays[this.#calls++ % this.#delays.length] ?? 0;
    for (let i = 0; i < turns; i++) await nextTurn();
  }
}

/** Bounds a read by the number of logs only, however large they are. */
export class LargeReadsStore extends CountingStore {
  override async read(afterSeq: number, filter: LogFilter, limit: number) {
    const first = await super.read(afterSeq, filter, limit);
    let batch: LogBatch = first;
    while (batch.logs.length < limit && batch.throughSeq < first.lastSeq) {
      const next = await this.inner.read(batch.throughSeq, filter, limit - batch.logs.length);
      batch = { ...first, logs: [...batch.logs, ...next.logs], throughSeq: next.throughSeq };
    }
    return batch;
  }
}

/** Fails with `failing` while it is set. */
export class FailingStore extends CountingStore {
  failing: Error | undefined;

  override async bounds(filter?: LogFilter) {
    if (this.failing) throw this.failing;
    return super.bounds(filter);
  }

  override async health() {
    return { ...(await super.health()), problem: this.failing };
  }

  override async query(query: LogQuery) {
    if (this.failing) throw this.failing;
    return super.query(query);
  }

  override async read(afterSeq: number, filter: LogFilter, limit: number) {
    if (this.failing) throw this.failing;
    return super.read(afterSeq, filter, limit);
  }
}

/** Reads at once, but returns a result only when the test releases it. */
export class GatedStore extends CountingStore {
  /** The reads that have not returned, with the position they started from. */
  readonly held: { afterSeq: number; release: () => void }[] = [];
  gated = false;

  override async read(afterSeq: number, filter: LogFilter, limit: number) {
    const batch = await super.read(afterSeq, filter, limit);
    if (this.gated) await new Promise<void>((release) => this.held.push({ afterSeq, release }));
    return batch;
  }
}
