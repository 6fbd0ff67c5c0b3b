import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogBatch, LogFilter, LogStore } from '../types.ts';
import { batchesOf, type FrameBatch, heartbeat, idFrame, trimmedGap } from './frames.ts';
import type { ResponseWriter } from './response-writer.ts';
import { readLimit, type Tail } from './tail.ts';

/** The start of a stream. */
export interface ReaderStart {
  readonly epoch: string;
  readonly filter: LogFilter;
  /** The subscriber needs no log up to this sequence number. */
  readonly position: number;
  /** Sequence number of the subscriber's last event id; -1 if it has none of this epoch. */
  readonly announced: number;
}

/**
 * Feeds one stream: reads batches from its own position until it reaches the newest log, then follows the shared tail
 * until its socket is full, then reads by itself again. Between two writes it holds a position and no logs.
 */
export class Reader {
  readonly epoch: string;
  readonly filter: LogFilter;
  /** Readers with the same key receive the same bytes from the tail. */
  readonly group: string;
  readonly #writer: ResponseWriter;
  readonly #store: LogStore;
  readonly #tail: Tail;
  readonly #onError: (error: unknown) => void;
  #position: number;
  #announced: number;

  constructor(
    start: ReaderStart,
    writer: ResponseWriter,
    store: LogStore,
    tail: Tail,
    onError: (error: unknown) => void,
  ) {
    this.epoch = start.epoch;
    this.filter = start.filter;
    this.group = JSON.stringify([start.epoch, start.filter]);
    this.#position = start.position;
    this.#announced = start.announced;
    this.#writer = writer;
    this.#store = store;
    this.#tail = tail;
    this.#onError = onError;
  }

  /** Every log up to this sequence number has been written, or does not match the filter. */
  get position(): number {
    return this.#position;
  }

  /** Resolves when the stream has ended. Never rejects. */
  async run(): Promise<void> {
    try {
      while (this.#writer.open) {
        const batch = await this.#store.read(this.#position, this.filter, readLimit);
        if (!this.#writer.open) return;
        // With a full socket the rest of the batch is dropped and read again later, so a waiting reader holds no logs.
        if (this.#writeBatch(batch) && batch.throughSeq >= batch.lastSeq && this.#announce()) {
          await this.#tail.join(this);
        }
        await this.#writer.drained();
        await nextTurn();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Breaks the stream after a failure of the store; the browser resumes with its id. */
  fail(error: unknown): void {
    this.#onError(error);
    this.#writer.destroy();
    this.stop();
  }

  stop(): void {
    this.#tail.leave(this);
  }

  /**
   * Writes batches that the tail has serialised for this reader's group.
   *
   * @returns false if the reader must leave the tail: its socket is full, or it has already sent some of these logs
   */
  write(batches: readonly FrameBatch[], throughSeq: number): boolean {
    for (const batch of batches) {
      if (batch.firstSeq <= this.#position || !this.#writeFrames(batch)) return false;
    }
    this.#position = Math.max(this.#position, throughSeq);
    return true;
  }

  /** Sends a heartbeat between two events, unless the socket is full. */
  beat(): void {
    if (!this.#writer.open || this.#writer.full) return;
    this.#announce();
    this.#writer.write(heartbeat);
  }

  #writeBatch({ logs, firstSeq, throughSeq }: LogBatch): boolean {
    if (firstSeq > this.#position + 1) this.#writer.write(trimmedGap);
    for (const batch of batchesOf(this.epoch, logs)) if (!this.#writeFrames(batch)) return false;
    this.#position = Math.max(this.#position, throughSeq);
    return true;
  }

  #writeFrames({ bytes, lastSeq }: FrameBatch): boolean {
    this.#position = lastSeq;
    this.#announced = lastSeq;
    return this.#writer.write(bytes);
  }

  // Moves the browser's last event id past logs that the filter excluded. Without it a resume would scan those logs
  // again, and report a gap once they are trimmed although the browser misses none of them.
  #announce(): boolean {
    if (this.#position <= this.#announced) return true;
    this.#announced = this.#position;
    return this.#writer.write(idFrame(this.epoch, this.#position));
  }
}
