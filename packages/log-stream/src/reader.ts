import { setImmediate as nextTurn } from 'node:timers/promises';
import { idFrame, PING, type Piece, piecesOf, TRIMMED } from './frames.ts';
import type { Outlet } from './outlet.ts';
import { PAGE, type Tail } from './tail.ts';
import type { LogBatch, LogFilter, LogStore } from './types.ts';

/** What a stream starts with. */
export interface ReaderStart {
  readonly epoch: string;
  readonly filter: LogFilter;
  /** Everything up to here is known to the browser, or none of its business. */
  readonly position: number;
  /** The insertion number of the id that the browser holds; -1 if none of this epoch. */
  readonly announced: number;
}

/**
 * One stream: reads pages from its own position until it reaches the newest log, then lives on the tail until its
 * socket is full, and so on. Between two writes it holds a position and nothing else.
 */
export class Reader {
  readonly epoch: string;
  readonly filter: LogFilter;
  /** Readers of one group get the same bytes. */
  readonly group: string;
  readonly #outlet: Outlet;
  readonly #store: LogStore;
  readonly #tail: Tail;
  readonly #onError: (error: unknown) => void;
  #position: number;
  #announced: number;

  constructor(start: ReaderStart, outlet: Outlet, store: LogStore, tail: Tail, onError: (error: unknown) => void) {
    this.epoch = start.epoch;
    this.filter = start.filter;
    this.group = JSON.stringify([start.epoch, start.filter]);
    this.#position = start.position;
    this.#announced = start.announced;
    this.#outlet = outlet;
    this.#store = store;
    this.#tail = tail;
    this.#onError = onError;
  }

  /** Every log up to here has been written, or does not match. */
  get position(): number {
    return this.#position;
  }

  /** Runs until the stream has ended. Never rejects. */
  async run(): Promise<void> {
    try {
      while (this.#outlet.open) {
        const batch = await this.#store.read(this.#position, this.filter, PAGE);
        if (!this.#outlet.open) return;
        // A full socket drops the rest of the page, to be read again: memory is held by no one who waits.
        if (this.#writeBatch(batch)) {
          if (batch.throughSeq >= batch.lastSeq && this.#announce()) await this.#tail.join(this);
        }
        await this.#outlet.drained();
        await nextTurn();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** The store failed: the browser is cut, and comes back with its id. */
  fail(error: unknown): void {
    this.#onError(error);
    this.#outlet.cut();
    this.stop();
  }

  stop(): void {
    this.#tail.leave(this);
  }

  /**
   * Writes what the tail has read for this reader's group.
   *
   * @returns false if it must leave the tail, since its socket is full, or it has some of this already
   */
  take(pieces: readonly Piece[], throughSeq: number): boolean {
    for (const piece of pieces) {
      if (piece.firstSeq <= this.#position || !this.#writePiece(piece)) return false;
    }
    this.#position = Math.max(this.#position, throughSeq);
    return true;
  }

  /** Keeps the connection alive. One that is full is busy enough. */
  ping(): void {
    if (!this.#outlet.open || this.#outlet.full) return;
    this.#announce();
    this.#outlet.write(PING);
  }

  #writeBatch({ logs, firstSeq, throughSeq }: LogBatch): boolean {
    if (firstSeq > this.#position + 1) this.#outlet.write(TRIMMED);
    for (const piece of piecesOf(this.epoch, logs)) if (!this.#writePiece(piece)) return false;
    this.#position = Math.max(this.#position, throughSeq);
    return true;
  }

  #writePiece({ bytes, lastSeq }: Piece): boolean {
    this.#position = lastSeq;
    this.#announced = lastSeq;
    return this.#outlet.write(bytes);
  }

  // What a filter holds back moves the browser's id on all the same. It would resume exactly without, but read the same
  // logs over and over, and be told of a gap once they are trimmed though it misses nothing.
  #announce(): boolean {
    if (this.#position <= this.#announced) return true;
    this.#announced = this.#position;
    return this.#outlet.write(idFrame(this.epoch, this.#position));
  }
}
