import type { Response } from 'express';
import { LogStreamError } from '../errors.ts';
import type { LogStreamConfig } from '../options.ts';
import type { LogStreamStats } from '../types.ts';
import { Reader, type ReaderStart } from './reader.ts';
import { ResponseWriter } from './response-writer.ts';
import { Tail } from './tail.ts';

interface OpenStream {
  readonly writer: ResponseWriter;
  readonly closed: Promise<void>;
  /** Missing while the start position is being looked up. */
  reader?: Reader;
}

/** The open streams of one router: their limit, their heartbeat, their end. */
export class OpenStreams {
  readonly #config: LogStreamConfig;
  readonly #tail: Tail;
  readonly #open = new Set<OpenStream>();
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
   * Counts a stream before the store is read: otherwise a thousand simultaneous requests would all pass the limit.
   *
   * @returns a function that starts the stream's reader
   * @throws LogStreamError `ERR_LOG_STREAM_LIMIT` when `limits.total` streams are open
   */
  admit(res: Response): (start: ReaderStart, firstLines: string) => void {
    const { limits, maxStallMs, store } = this.#config;
    if (this.#open.size >= limits.total) {
      throw new LogStreamError('ERR_LOG_STREAM_LIMIT', `limits.total: ${limits.total} streams are open`);
    }
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const stream: OpenStream = { writer: new ResponseWriter(res, maxStallMs), closed };
    this.#open.add(stream);
    this.#startHeartbeat();
    res.once('close', () => {
      stream.reader?.stop();
      this.#open.delete(stream);
      if (this.#open.size === 0) this.#stopHeartbeat();
      resolve();
    });
    return (start, firstLines) => {
      if (!stream.writer.open) return;
      stream.reader = new Reader(start, stream.writer, store, this.#tail, (error) => this.report(error));
      stream.writer.write(firstLines);
      void stream.reader.run();
    };
  }

  /** Passes a failure of the store to `onError`. Never throws. */
  report(error: unknown): void {
    try {
      this.#config.onError(error instanceof Error ? error : new Error('The log store failed', { cause: error }));
    } catch (thrown) {
      // One stream's failure must not end the others.
      process.emitWarning(`log-stream option onError: threw ${thrown instanceof Error ? thrown.name : typeof thrown}`);
    }
  }

  stats(): LogStreamStats {
    const writers = [...this.#open].map(({ writer }) => writer);
    return {
      streams: writers.length,
      atTip: this.#tail.size,
      waiting: writers.filter((writer) => writer.full).length,
      bufferedBytes: writers.reduce((sum, writer) => sum + writer.bufferedBytes, 0),
    };
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const open = [...this.#open];
    for (const { writer, reader } of open) {
      // Without a reader no headers were sent yet, and EventSource gives up for good after an empty 200.
      if (reader === undefined) writer.destroy();
      else writer.end();
      reader?.stop();
    }
    const timer = setTimeout(() => {
      for (const { writer } of open) writer.destroy();
    }, graceMs);
    await Promise.all(open.map(({ closed }) => closed));
    clearTimeout(timer);
  }

  #startHeartbeat(): void {
    if (this.#timer !== undefined || this.#config.heartbeatMs === false) return;
    this.#timer = setInterval(() => {
      for (const { reader } of this.#open) reader?.beat();
    }, this.#config.heartbeatMs).unref();
  }

  #stopHeartbeat(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
