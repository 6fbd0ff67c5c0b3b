import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LogCursor } from '../log-store.ts';
import { heartbeat, idFrame, lossFrames } from './frames.ts';
import type { EndReason, ResponseWriter } from './response-writer.ts';
import { type Run, type Selection, type SharedReads, StoreFailure } from './shared-reads.ts';
import type { Tails } from './tails.ts';

/** The start of a stream. */
export interface ReaderStart {
  readonly selection: Selection;
  /** The subscriber needs no log before this place. */
  readonly position: LogCursor;
  /** True if the subscriber has an id with which a resume delivers exactly what follows `position`. */
  readonly isAnnounced: boolean;
}

/** What a reader reads from. */
export interface ReaderSources {
  readonly reads: SharedReads;
  readonly tails: Tails;
  /** Called with errors of the reader itself: failures of the store have been reported already. */
  readonly report: (error: unknown) => void;
  /** Called when the first log, or the gap in its place, has been written. */
  readonly onFirstLog: () => void;
  /** Called after each gap event that was written, with its reason. */
  readonly onGap: (reason: string) => void;
}

/**
 * Feeds one stream: reads from its own position until it reaches the newest log, then follows the shared tail until its
 * socket is full, then reads by itself again. Between two writes it holds a position and no logs.
 */
export class Reader {
  readonly selection: Selection;
  readonly #writer: ResponseWriter;
  readonly #sources: ReaderSources;
  #position: LogCursor;
  #isAnnounced: boolean;
  #logs = 0;
  #isAtTip = false;

  constructor(start: ReaderStart, writer: ResponseWriter, sources: ReaderSources) {
    this.selection = start.selection;
    this.#position = start.position;
    this.#isAnnounced = start.isAnnounced;
    this.#writer = writer;
    this.#sources = sources;
  }

  /** Every log up to this place has been written, or does not match the filter. */
  get position(): LogCursor {
    return this.#position;
  }

  /** Number of logs written. */
  get logs(): number {
    return this.#logs;
  }

  /** True while the reader follows the tail. */
  get atTip(): boolean {
    return this.#isAtTip;
  }

  /** Resolves when the stream has ended. Never rejects. */
  async run(): Promise<void> {
    const { reads, tails, report } = this.#sources;
    try {
      while (this.#writer.open) {
        const run = await reads.read(this.selection, this.#position);
        if (!this.#writer.open) return;
        if (this.#write(run) && !run.more) {
          this.#announce();
          this.#isAtTip = true;
          await tails.join(this);
          this.#isAtTip = false;
        }
        // Node passes the writes of a turn to the kernel when the turn ends. Before that, any socket can look full.
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
    this.#sources.tails.leave(this);
  }

  /**
   * Writes a run of the tail.
   *
   * @returns false if the reader must leave the tail: its socket is full, the run is more than may be sent in one turn,
   * or some of its logs have been sent already
   */
  follow(run: Run): boolean {
    if (this.#writer.full) return false;
    if (run.after.isBefore(this.#position) && this.#position.isBefore(run.cursor)) return false;
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

  /** Writes the first batch of the run that was not written yet. Returns true if the run holds no more. */
  #write({ after, batches, cursor, gap }: Run): boolean {
    const { onFirstLog, onGap } = this.#sources;
    const isStart = this.#position.equals(after);
    if (isStart && gap !== undefined) {
      this.#writer.write(lossFrames[gap]);
      onGap(gap);
      this.#isAnnounced = false;
    }
    const batch = isStart ? batches[0] : batches.find((it) => this.#position.isBefore(it.cursor));
    if (batch) {
      this.#writer.writeBatch(batch);
      if (this.#logs === 0) onFirstLog();
      for (const reason of batch.gaps) onGap(reason);
      this.#logs += batch.logs;
      this.#position = batch.cursor;
      this.#isAnnounced = true;
      if (batch !== batches.at(-1)) return false;
    }
    if (this.#position.isBefore(cursor)) {
      this.#position = cursor;
      this.#isAnnounced = false;
    }
    return true;
  }

  // Moves the browser's last event id past logs that the filter excluded. Without it a resume would scan those logs
  // again, and report a gap once they are trimmed although the browser misses none of them.
  #announce(): void {
    if (this.#isAnnounced) return;
    this.#isAnnounced = true;
    this.#writer.write(idFrame(this.selection.format, this.#position));
  }
}
