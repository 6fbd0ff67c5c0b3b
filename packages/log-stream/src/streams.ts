import type { Response } from 'express';
import type { LogStreamConfig } from './options.ts';
import { Outlet } from './outlet.ts';
import { Problem } from './problem.ts';
import { Reader, type ReaderStart } from './reader.ts';
import { Tail } from './tail.ts';
import type { LogStreamStats } from './types.ts';

/** An open stream; it has no reader yet while it is worked out where to start. */
interface Stream {
  readonly outlet: Outlet;
  readonly closed: Promise<void>;
  reader?: Reader;
}

/** Every open stream of one router: how many there may be, one timer for all their pings, one end. */
export class Streams {
  readonly #config: LogStreamConfig;
  readonly #tail: Tail;
  readonly #open = new Set<Stream>();
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(config: LogStreamConfig) {
    this.#config = config;
    this.#tail = new Tail(config.store);
  }

  get closing(): boolean {
    return this.#closing;
  }

  /**
   * Counts a stream in before the store is asked anything, or a thousand at once would all find room.
   *
   * @returns what starts its reader
   * @throws Problem when there are too many, or no more
   */
  admit(res: Response): (start: ReaderStart, preamble: string) => void {
    const { maxStreams, maxStallMs, store } = this.#config;
    if (this.#open.size >= maxStreams) throw new Problem('too_many_streams', 'As many streams as allowed are open');
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const stream: Stream = { outlet: new Outlet(res, maxStallMs), closed };
    this.#open.add(stream);
    this.#ping();
    res.once('close', () => {
      stream.reader?.stop();
      this.#open.delete(stream);
      if (this.#open.size === 0) this.#stopPing();
      resolve();
    });
    return (start, preamble) => {
      if (!stream.outlet.open) return;
      stream.reader = new Reader(start, stream.outlet, store, this.#tail, (error) => this.report(error));
      stream.outlet.write(preamble);
      void stream.reader.run();
    };
  }

  report(error: unknown): void {
    try {
      this.#config.onError(error instanceof Error ? error : new Error('The log store failed', { cause: error }));
    } catch (thrown) {
      // One reader's trouble must not become everybody's.
      process.emitWarning(`log-stream: onError threw ${String(thrown)}`);
    }
  }

  stats(): LogStreamStats {
    const outlets = [...this.#open].map(({ outlet }) => outlet);
    return {
      streams: outlets.length,
      atTip: this.#tail.size,
      waiting: outlets.filter((outlet) => outlet.full).length,
      bufferedBytes: outlets.reduce((sum, outlet) => sum + outlet.bufferedBytes, 0),
    };
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const open = [...this.#open];
    for (const { outlet, reader } of open) {
      // Without a reader there are no headers yet: an empty 200 would tell EventSource to give up.
      if (reader === undefined) outlet.cut();
      else outlet.end();
      reader?.stop();
    }
    const timer = setTimeout(() => {
      for (const { outlet } of open) outlet.cut();
    }, graceMs);
    await Promise.all(open.map(({ closed }) => closed));
    clearTimeout(timer);
  }

  #ping(): void {
    if (this.#timer !== undefined || this.#config.pingMs === false) return;
    this.#timer = setInterval(() => {
      for (const { reader } of this.#open) reader?.ping();
    }, this.#config.pingMs).unref();
  }

  #stopPing(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
