import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  LogBatch,
  LogCursor,
  LogDocument,
  LogFilter,
  LogIdKind,
  LogQuery,
  LogStore,
  VolumeQuery,
} from '../../src/index.ts';
import { seqOf } from './numbers.ts';

/** Passes all calls on and counts reads and subscriptions. */
export class CountingStore implements LogStore {
  reads = 0;
  subscriptions = 0;
  protected readonly inner: LogStore;

  constructor(inner: LogStore) {
    this.inner = inner;
  }

  end(filter: LogFilter) {
    return this.inner.end(filter);
  }

  newest(filter: LogFilter, count: number, signal: AbortSignal) {
    return this.inner.newest(filter, count, signal);
  }

  resume(id: string, filter: LogFilter) {
    return this.inner.resume(id, filter);
  }

  locate(id: string, filter: LogFilter, ...kinds: LogIdKind[]) {
    return this.inner.locate(id, filter, ...kinds);
  }

  idOf(cursor: LogCursor, filter: LogFilter, kind: LogIdKind) {
    return this.inner.idOf(cursor, filter, kind);
  }

  isId(text: string) {
    return this.inner.isId(text);
  }

  append(logs: readonly LogDocument[]) {
    return this.inner.append(logs);
  }

  query(query: LogQuery) {
    return this.inner.query(query);
  }

  volume(query: VolumeQuery) {
    return this.inner.volume(query);
  }

  read(cursor: LogCursor, filter: LogFilter, limit: number): Promise<LogBatch> {
    this.reads++;
    return this.inner.read(cursor, filter, limit);
  }

  tailOf(filter: LogFilter) {
    return this.inner.tailOf(filter);
  }

  subscribe(listener: () => void, filter: LogFilter) {
    this.subscriptions++;
    const release = this.inner.subscribe(listener, filter);
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

  override async end(filter: LogFilter) {
    const end = await super.end(filter);
    await this.#delay();
    return end;
  }

  override async resume(id: string, filter: LogFilter) {
    const resume = await super.resume(id, filter);
    await this.#delay();
    return resume;
  }

  override async query(query: LogQuery) {
    await this.#delay();
    const page = await super.query(query);
    await this.#delay();
    return page;
  }

  override async read(cursor: LogCursor, filter: LogFilter, limit: number) {
    await this.#delay();
    const batch = await super.read(cursor, filter, Math.min(limit, 3));
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
  override async read(cursor: LogCursor, filter: LogFilter, limit: number) {
    let batch = await super.read(cursor, filter, limit);
    while (batch.logs.length < limit && batch.more) {
      const next = await this.inner.read(batch.cursor, filter, limit - batch.logs.length);
      batch = { ...next, logs: [...batch.logs, ...next.logs] };
    }
    return batch;
  }
}

/** Fails with `failing` while it is set. */
export class FailingStore extends CountingStore {
  failing: Error | undefined;

  override async end(filter: LogFilter) {
    if (this.failing) throw this.failing;
    return super.end(filter);
  }

  override async newest(filter: LogFilter, count: number, signal: AbortSignal) {
    if (this.failing) throw this.failing;
    return super.newest(filter, count, signal);
  }

  override async resume(id: string, filter: LogFilter) {
    if (this.failing) throw this.failing;
    return super.resume(id, filter);
  }

  override async health() {
    return { ...(await super.health()), problem: this.failing };
  }

  override async query(query: LogQuery) {
    if (this.failing) throw this.failing;
    return super.query(query);
  }

  override async read(cursor: LogCursor, filter: LogFilter, limit: number) {
    if (this.failing) throw this.failing;
    return super.read(cursor, filter, limit);
  }
}

/** Reads at once, but returns a result only when the test releases it. */
export class GatedStore extends CountingStore {
  /** The reads that have not returned, with the number they started from. */
  readonly held: { afterSeq: number; release: () => void }[] = [];
  gated = false;

  override async read(cursor: LogCursor, filter: LogFilter, limit: number) {
    const batch = await super.read(cursor, filter, limit);
    if (this.gated) await new Promise<void>((release) => this.held.push({ afterSeq: seqOf({ cursor }), release }));
    return batch;
  }
}
