import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogFilter } from '../log-store.ts';
import { heartbeat, idFrame, trimmedGap, unknownIdGap } from './frames.ts';
import type { EndReason, ResponseWriter } from './response-writer.ts';
import { PositionLost, type Run, type Selection, type SharedReads, StoreFailure, selectionOf } from './shared-reads.ts';
import type { Tail } from './tail.ts';

/** The start of a stream. */
export interface ReaderStart {
  readonly epoch: string;
  /** Of `position` and `announced`. */
  readonly generation: number;
  readonly filter: LogFilter;
  /** The subscriber needs no log up to this sequence number. */
  readonly position: number;
  /** Sequence number of the subscriber's last event id; -1 if it has none of this epoch. */
  readonly announced: number;
}

/** What a reader reads from. */
export interface ReaderSources {
  readonly reads: SharedReads;
  readonly tail: Tail;
  /** Called with errors that are nobody's but the reader's own. */
  readonly report: (error: unknown) => void;
  /** Called after each gap event that was written, with its reason. */
  readonly onGap: (reason: string) => void;
}

/**
 * Feeds one stream: reads from its own position until it reaches the newest log, then follows the shared tail until its
 * socket is full, then reads by itself again. Between two writes it holds a position and no logs.
 */
export class Reader {
  #selection: Selection;
  readonly #writer: ResponseWriter;
  readonly #sources: ReaderSources;
  #position: number;
  #announced: number;
  #logs = 0;

  constructor(start: ReaderStart, writer: ResponseWriter, sources: ReaderSources) {
    this.#selection = selectionOf(start.epoch, start.generation, start.filter);
    this.#position = start.position;
    this.#announced = start.announced;
    this.#writer = writer;
    this.#sources = sources;
  }

  get selection(): Selection {
    return this.#selection;
  }

  /** Every log up to this sequence number has been written, or does not match the filter. */
  get position(): number {
    return this.#position;
  }

  /** Number of logs written. */
  get logs(): number {
    return this.#logs;
  }

  /** Resolves when the stream has ended. Never rejects. */
  async run(): Promise<void> {
    const { tail, report } = this.#sources;
    try {
      while (this.#writer.open) {
        const run = await this.#read();
        if (!this.#writer.open) return;
        if (run && this.#write(run) && run.throughSeq >= run.lastSeq) {
          this.#announce();
          await tail.join(this);
        }
        // Node hands what was written in a turn to the kernel at its end: only then is a full socket full.
        await nextTurn();
        await this.#writer.drained();
      }
    } catch (error) {
      if (!(error instanceof StoreFailure)) report(error);
      this.end('store-failed');
    }
  }

  /** Breaks the stream; the browser resumes with its id. */
  end(reason: EndReason): void {
    this.#writer.destroy(reason);
    this.stop();
  }

  stop(): void {
    this.#sources.tail.leave(this);
  }

  /**
   * Writes a run of the tail.
   *
   * @returns false if the reader must leave the tail: its socket is full, the run is more than one turn's worth, or it has
   *   sent some of these logs already
   */
  follow(run: Run): boolean {
    if (this.#writer.full) return false;
    if (this.#position > run.afterSeq && this.#position < run.throughSeq) return false;
    return this.#write(run);
  }

  /** Sends a heartbeat between two events, unless the socket is full. */
  beat(): void {
    if (!this.#writer.open || this.#writer.full) return;
    this.#announce();
    this.#writer.write(heartbeat);
  }

  /** Ends the stream after a whole event. */
  finish(): void {
    if (this.#writer.open) this.#announce();
    this.#writer.end();
    this.stop();
  }

  /** Returns undefined if the reader has another position now. */
  async #read(): Promise<Run | undefined> {
    const { reads } = this.#sources;
    try {
      return await reads.read(this.#selection, this.#position);
    } catch (error) {
      if (!(error instanceof PositionLost)) throw error;
    }
    const { selection, position, firstSeq } = await reads.relocate(this.#selection, this.#position);
    this.#selection = selection;
    if (position !== undefined) return undefined;
    this.#writer.write(unknownIdGap);
    this.#sources.onGap('unknown-id');
    this.#position = firstSeq - 1;
    this.#announced = -1;
    return undefined;
  }

  /** Writes the first batch of the run that was not written yet. Returns true if the run holds no more. */
  #write({ batches, firstSeq, throughSeq }: Run): boolean {
    const { onGap } = this.#sources;
    if (firstSeq > this.#position + 1) {
      this.#writer.write(trimmedGap);
      onGap('trimmed');
    }
    const batch = batches.find(({ lastSeq }) => lastSeq > this.#position);
    if (batch) {
      this.#writer.write(batch.bytes);
      for (const reason of batch.gaps) onGap(reason);
      this.#logs += batch.logs;
      this.#position = batch.lastSeq;
      this.#announced = batch.lastSeq;
      if (batch !== batches.at(-1)) return false;
    }
    this.#position = Math.max(this.#position, throughSeq);
    return true;
  }

  // Moves the browser's last event id past logs that the filter excluded. Without it a resume would scan those logs
  // again, and report a gap once they are trimmed although the browser misses none of them.
  #announce(): void {
    if (this.#position <= this.#announced) return;
    this.#announced = this.#position;
    this.#writer.write(idFrame(this.#selection.format, this.#position));
  }
}
