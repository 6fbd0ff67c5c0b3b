import { setTimeout as delay } from 'node:timers/promises';
import {
  type ChangeStream,
  type ChangeStreamDocument,
  type Document,
  ObjectId,
  type ResumeToken,
  type Timestamp,
} from 'mongodb';
import type { LogCollection } from './collection.ts';
import type { RawDocument } from './document.ts';
import { CollectionGone, FeedFailures } from './feed-failures.ts';
import type { Hex } from './object-ids.ts';

/** Milliseconds between two attempts to open a change stream. */
const minRetryMs = 100;
const maxRetryMs = 5_000;
/** A server that returns "no change" sooner than this doesn't block: pause for this many milliseconds instead. */
const emptyMs = 10;

/** Notified about the inserts of a collection. */
export interface ChangeListener {
  /** A document was inserted. @param time when, in milliseconds since 1970 by the server's clock */
  onInsert(id: Hex, raw: RawDocument, time: number | undefined): void;
  /**
   * From now on every insert is delivered. The feed is live when this resolves.
   *
   * @param isLost true if inserts since the last delivered one may be missing
   */
  onOpen(isLost: boolean): Promise<void>;
  /** Every insert before this time of the monotonic clock has been delivered. */
  onQuiet(time: number): void;
  /** There is no change stream. @param isFinal true: the feed ends; false: it tries again */
  onRefused(error: Error, isFinal: boolean): void;
}

/** One change stream of a collection. It is reopened whenever it fails, after the last change if the server can. */
export class ChangeFeed {
  readonly #collection: LogCollection;
  readonly #listener: ChangeListener;
  readonly #failures = new FeedFailures();
  #stopping: AbortController | undefined;
  #isLive = false;
  /**
   * True after the driver has reopened the stream by itself: it continues after the last change only if the server has
   * sent a token.
   */
  #isReopened = false;

  constructor(collection: LogCollection, listener: ChangeListener) {
    this.#collection = collection;
    this.#listener = listener;
  }

  /** True while every insert is delivered as it happens. */
  get isLive(): boolean {
    return this.#isLive;
  }

  start(): void {
    if (this.#stopping) return;
    this.#stopping = new AbortController();
    void this.#run(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping?.abort();
    this.#stopping = undefined;
    this.#isLive = false;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let token: ResumeToken | undefined;
    let isLost = false;
    let retryMs = minRetryMs;
    while (!signal.aborted) {
      const stream = this.#collection.changes(token);
      // The server ends a cursor by itself if the command that closes it fails.
      const close = () => void stream.close().catch(() => {});
      signal.addEventListener('abort', close);
      this.#isReopened = false;
      stream.on('close', () => {
        this.#isReopened = true;
      });
      try {
        // First list everything that may precede the change: a subscriber that resumes at it must have received all
        // that.
        let change = await this.#next(stream);
        await this.#listener.onOpen(isLost);
        isLost = false;
        retryMs = minRetryMs;
        this.#failures.clear();
        if (!signal.aborted) this.#isLive = true;
        while (!signal.aborted) {
          if (this.#isReopened) {
            this.#isReopened = false;
            await this.#listener.onOpen(false);
          }
          if (change && !signal.aborted && !this.#deliver(change)) await this.#listener.onOpen(false);
          token = stream.resumeToken ?? token;
          change = await this.#next(stream);
        }
      } catch (thrown) {
        if (signal.aborted) return;
        const error = this.#collection.failure.remember(thrown);
        const failure = this.#failures.classify(thrown);
        if (failure === 'unsupported') {
          this.stop();
          return this.#listener.onRefused(error, true);
        }
        if (failure === 'refused') this.#listener.onRefused(error, false);
        if (failure !== 'temporary') {
          token = undefined;
          isLost = true;
        }
      } finally {
        signal.removeEventListener('abort', close);
        if (!signal.aborted) this.#isLive = false;
        close();
      }
      // Rejects if the feed is stopped, which ends the loop.
      await delay(retryMs, undefined, { signal }).catch(() => {});
      retryMs = Math.min(2 * retryMs, maxRetryMs);
    }
  }

  async #next(stream: ChangeStream): Promise<ChangeStreamDocument | undefined> {
    const asked = performance.now();
    const change = await this.#collection.nextChange(stream);
    if (change) return change;
    if (stream.closed) throw new CollectionGone('The collection was dropped or renamed, which ends its change stream');
    if (this.#isLive && !this.#isReopened) this.#listener.onQuiet(asked);
    if (performance.now() - asked < emptyMs) await delay(emptyMs);
    return undefined;
  }

  /** Returns false for an insert without its document, which only a look can find. */
  #deliver(change: ChangeStreamDocument): boolean {
    if (change.operationType !== 'insert') return true;
    const { fullDocument, clusterTime } = change as { fullDocument?: Document; clusterTime?: Timestamp };
    if (!fullDocument) return false;
    const { _id } = fullDocument;
    if (_id instanceof ObjectId)
      this.#listener.onInsert(_id.toHexString(), fullDocument, clusterTime && clusterTime.t * 1_000);
    return true;
  }
}
