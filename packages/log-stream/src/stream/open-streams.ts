import type { Response } from 'express';
import { LogStreamError } from '../errors.ts';
import type { LogStreamConfig } from '../options.ts';
import type { LogRequestInfo, LogStreamStats, OpenLogStream } from '../types.ts';
import { MemberRounds } from './member-rounds.ts';
import { Reader, type ReaderSources, type ReaderStart } from './reader.ts';
import { type EndReason, ResponseWriter } from './response-writer.ts';
import { SharedReads } from './shared-reads.ts';
import { Tails } from './tails.ts';

/** Notified about one stream. */
export interface StreamListener {
  /** Names the stream. */
  readonly info: LogRequestInfo;
  /** The subscriber took no byte for `maxStallMs`. Called before the `onEnd` with reason `evicted`. */
  onEvict(bufferedBytes: number): void;
  /** A gap event was written, with this reason. */
  onGap(reason: string): void;
  /** The stream's connection is closed. Called exactly once. */
  onEnd(end: StreamEnd): void;
}

/** How a stream ended. */
export interface StreamEnd {
  readonly reason: EndReason;
  /** False if the stream ended before its headers were sent. */
  readonly began: boolean;
  /** Logs written. */
  readonly logs: number;
  /** Bytes written, HTTP framing excluded. */
  readonly bytes: number;
}

interface OpenStream {
  readonly writer: ResponseWriter;
  readonly closed: Promise<void>;
  readonly listener: StreamListener | undefined;
  /** When the reader started, as an ISO 8601 time. */
  since: string;
  /** Missing while the start position is being looked up. */
  reader?: Reader;
}

/** Most milliseconds between two checks for stalled subscribers. */
const maxCheckMs = 1_000;
/** Checks within `maxStallMs`. */
const checks = 8;

/** The open streams of one router: their limit, their heartbeat, their end. */
export class OpenStreams {
  readonly #config: LogStreamConfig;
  readonly #sources: Omit<ReaderSources, 'onGap'>;
  readonly #open = new Set<OpenStream>();
  readonly #reported = new WeakSet<Error>();
  readonly #rounds: readonly MemberRounds<OpenStream>[];
  readonly #maxChecks: number;
  #closing = false;

  constructor(config: LogStreamConfig) {
    this.#config = config;
    const { store, heartbeatMs, maxStallMs } = config;
    const report = (error: unknown) => this.report(error);
    const reads = new SharedReads(store, report);
    this.#sources = { reads, tails: new Tails(store, reads, report), report };
    const stallMs = maxStallMs === false ? Number.POSITIVE_INFINITY : maxStallMs;
    const checkMs = Math.min(maxCheckMs, Math.ceil(stallMs / checks));
    this.#maxChecks = stallMs / checkMs;
    // Checks run without maxStallMs too: they also wake readers whose 'drain' event was lost.
    const rounds = [new MemberRounds(this.#open, checkMs, ({ writer }) => writer.check())];
    if (heartbeatMs !== false) rounds.push(new MemberRounds(this.#open, heartbeatMs, ({ reader }) => reader?.beat()));
    this.#rounds = rounds;
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
  admit(res: Response, listener?: StreamListener): (start: ReaderStart, firstLines: string) => void {
    const { limits } = this.#config;
    if (this.#open.size >= limits.total) {
      throw new LogStreamError('ERR_LOG_STREAM_LIMIT', `limits.total: ${limits.total} streams are open`);
    }
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const writer = new ResponseWriter(res, this.#maxChecks, {
      onEvict: (bufferedBytes) => listener?.onEvict(bufferedBytes),
      onWriteError: (error) => this.report(error),
    });
    const stream: OpenStream = { writer, closed, listener, since: '' };
    this.#open.add(stream);
    for (const rounds of this.#rounds) rounds.start();
    res.once('close', () => {
      const { reader } = stream;
      reader?.stop();
      this.#remove(stream);
      const reason = writer.endReason ?? 'browser-left';
      listener?.onEnd({ reason, began: reader !== undefined, logs: reader?.logs ?? 0, bytes: writer.bytes });
      resolve();
    });
    return (start, firstLines) => {
      if (!writer.open) return;
      const onGap = (reason: string) => listener?.onGap(reason);
      stream.since = new Date().toISOString();
      stream.reader = new Reader(start, writer, { ...this.#sources, onGap });
      writer.write(firstLines);
      void stream.reader.run();
    };
  }

  /** Passes a failure to `onError`, once: a store rejects with the same object for as long as the same failure lasts. */
  report(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error('The log store failed', { cause: thrown });
    if (this.#reported.has(error)) return;
    this.#reported.add(error);
    try {
      this.#config.onError(error);
    } catch (thrown) {
      // One stream's failure must not end the others.
      process.emitWarning(`log-stream option onError: threw ${thrown instanceof Error ? thrown.name : typeof thrown}`);
    }
  }

  /** Frozen descriptions of the streams whose headers were sent. */
  streams(): OpenLogStream[] {
    return [...this.#open].flatMap(({ writer, reader, listener, since }) => {
      if (!reader || !listener) return [];
      const { bytes, bufferedBytes } = writer;
      return [Object.freeze({ ...listener.info, since, events: reader.logs, bytes, bufferedBytes })];
    });
  }

  stats(): LogStreamStats {
    const writers = [...this.#open].map(({ writer }) => writer);
    return {
      streams: writers.length,
      atTip: this.#sources.tails.size,
      waiting: writers.filter((writer) => writer.full).length,
      bufferedBytes: writers.reduce((sum, writer) => sum + writer.bufferedBytes, 0),
    };
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const open = [...this.#open];
    for (const { writer, reader } of open) {
      // Without a reader no headers were sent yet, and EventSource gives up for good after an empty 200.
      if (reader === undefined) writer.destroy('draining');
      else reader.finish();
    }
    const timer = setTimeout(() => {
      for (const { writer } of open) writer.destroy('draining');
    }, graceMs);
    await Promise.all(open.map(({ closed }) => closed));
    clearTimeout(timer);
  }

  #remove(stream: OpenStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    for (const rounds of this.#rounds) rounds.stop();
    this.#sources.reads.clear();
  }
}
