import type { Response } from 'express';
import { LogStreamError } from '../errors.ts';
import type { LogStreamConfig } from '../options.ts';
import type { LogEvent, LogRequestInfo, LogStreamStats, OpenLogStream } from '../types.ts';
import { MemberRounds } from './member-rounds.ts';
import { Reader, type ReaderSources, type ReaderStart } from './reader.ts';
import { type EndReason, ResponseWriter } from './response-writer.ts';
import { SharedReads } from './shared-reads.ts';
import type { TailListener } from './tail.ts';
import { Tails } from './tails.ts';
import { WatchedWriter } from './watched-writer.ts';

/** Notified about one stream. */
export interface StreamListener {
  /** Names the stream. */
  readonly info: LogRequestInfo;
  /** The first log was written. */
  onFirstEvent(): void;
  /** A log was written. Without this function, logs are not parsed for it. */
  onEvent?(event: LogEvent): void;
  /** The subscriber read no byte for `maxStallMs`. Called before the `onEnd` with reason `evicted`. */
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
  /** When the reader started: an ISO 8601 time, and one of the monotonic clock in milliseconds. */
  since: string;
  openedAt: number;
  /** Missing while the start position is being looked up. */
  reader?: Reader;
}

/** Most milliseconds between two checks for stalled subscribers. */
const maxCheckMs = 1_000;
/** Checks within `maxStallMs`. */
const checks = 8;

/** The open streams of one router: their limit, their heartbeat, their end. */
export class OpenStreams {
  /** Counts since the router was created. */
  readonly counters = { opened: 0, refused: 0, evicted: 0, storeErrors: 0 };
  readonly #config: LogStreamConfig;
  readonly #sources: Omit<ReaderSources, 'onFirstLog' | 'onGap'>;
  readonly #open = new Set<OpenStream>();
  readonly #reported = new WeakSet<Error>();
  readonly #rounds: readonly MemberRounds<OpenStream>[];
  readonly #maxChecks: number;
  #closing = false;
  // Totals of the streams that have ended.
  #events = 0;
  #bytes = 0;

  /** @param onArrive see {@link TailListener} */
  constructor(config: LogStreamConfig, onArrive: TailListener['onArrive']) {
    this.#config = config;
    const { store, heartbeatMs, maxStallMs } = config;
    const onStoreError = (error: unknown) => this.reportStoreError(error);
    const reads = new SharedReads(store, onStoreError);
    const tails = new Tails(store, reads, { report: onStoreError, onArrive });
    this.#sources = { reads, tails, report: (error) => this.report(error) };
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
   * Counts a stream. Call it before the store is read: otherwise a thousand simultaneous requests would all pass the
   * limit.
   *
   * @returns a function that starts the stream's reader
   * @throws LogStreamError `ERR_LOG_STREAM_LIMIT` when `limits.total` streams are open
   */
  admit(res: Response, listener?: StreamListener): (start: ReaderStart, firstLines: string) => void {
    const { limits } = this.#config;
    if (this.#open.size >= limits.total) {
      const message = `limits.total: ${limits.total} streams are open`;
      throw new LogStreamError('ERR_LOG_STREAM_LIMIT', message, { rule: 'total' });
    }
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const owner = {
      onEvict: (bufferedBytes: number) => {
        this.counters.evicted++;
        listener?.onEvict(bufferedBytes);
      },
      onWriteError: (error: unknown) => this.report(error),
    };
    const onEvent = listener?.onEvent;
    const writer = onEvent
      ? new WatchedWriter(res, this.#maxChecks, owner, onEvent)
      : new ResponseWriter(res, this.#maxChecks, owner);
    const stream: OpenStream = { writer, closed, listener, since: '', openedAt: 0 };
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
      this.counters.opened++;
      if (!writer.open) return;
      const onFirstLog = () => listener?.onFirstEvent();
      const onGap = (reason: string) => listener?.onGap(reason);
      stream.since = new Date().toISOString();
      stream.openedAt = performance.now();
      stream.reader = new Reader(start, writer, { ...this.#sources, onFirstLog, onGap });
      writer.write(firstLines);
      void stream.reader.run();
    };
  }

  /** Counts a failed call of the store, and reports it. */
  reportStoreError(thrown: unknown): void {
    this.counters.storeErrors++;
    this.report(thrown);
  }

  /**
   * Passes a failure to `onError`, once: a store rejects with the same object for as long as the same failure lasts.
   */
  report(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error('The log store failed', { cause: thrown });
    if (this.#reported.has(error)) return;
    this.#reported.add(error);
    // One stream's failure must not end the others.
    const warn = (thrown: unknown) =>
      process.emitWarning(`log-stream option onError: threw ${thrown instanceof Error ? thrown.name : typeof thrown}`);
    try {
      // An async callback returns a promise, although the type returns nothing.
      Promise.resolve(this.#config.onError(error) as unknown).catch(warn);
    } catch (thrown) {
      warn(thrown);
    }
  }

  /** Frozen descriptions of the streams whose headers were sent. */
  streams(): OpenLogStream[] {
    return [...this.#open].flatMap(({ writer, reader, listener, since }) => {
      if (!reader || !listener) return [];
      const { bytes, bufferedBytes } = writer;
      const { logs: events, atTip } = reader;
      return [Object.freeze({ ...listener.info, since, events, bytes, bufferedBytes, atTip })];
    });
  }

  stats(): LogStreamStats {
    const stats: LogStreamStats = {
      streams: this.#open.size,
      opening: 0,
      ...this.counters,
      events: this.#events,
      bytes: this.#bytes,
      atTip: this.#sources.tails.size,
      waiting: 0,
      bufferedBytes: 0,
      oldestMs: 0,
      lateDocuments: this.#config.store.lateDocuments ?? 0,
      draining: this.#closing,
    };
    const now = performance.now();
    for (const { writer, reader, openedAt } of this.#open) {
      if (writer.full) stats.waiting++;
      stats.bufferedBytes += writer.bufferedBytes;
      stats.bytes += writer.bytes;
      stats.events += reader?.logs ?? 0;
      if (reader) stats.oldestMs = Math.max(stats.oldestMs, now - openedAt);
      else stats.opening++;
    }
    return stats;
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
    this.#events += stream.reader?.logs ?? 0;
    this.#bytes += stream.writer.bytes;
    if (this.#open.size > 0) return;
    for (const rounds of this.#rounds) rounds.stop();
    this.#sources.reads.clear();
  }
}
