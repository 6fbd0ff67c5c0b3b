import type { LogCursor } from '../../log-store.ts';

/** Identifies a sequence of numbers: in another one, the same number may be that of another log. */
export interface Numbering {
  /** Identifies the database. It changes whenever numbers restart. */
  readonly epoch: string;
  /** Changes when the file was replaced, or a backup restored, while the store was open. */
  readonly generation: number;
}

/** The place after the log with a number. */
export class SqliteCursor implements LogCursor {
  readonly epoch: string;
  readonly generation: number;
  readonly seq: number;

  constructor({ epoch, generation }: Numbering, seq: number) {
    this.epoch = epoch;
    this.generation = generation;
    this.seq = seq;
  }

  equals(other: LogCursor): boolean {
    return other instanceof SqliteCursor && other.seq === this.seq && this.isOf(other);
  }

  isBefore(other: LogCursor): boolean {
    if (!(other instanceof SqliteCursor)) return false;
    return this.isOf(other) ? this.seq < other.seq : this.generation < other.generation;
  }

  /** True if its number is of this sequence. */
  isOf({ epoch, generation }: Numbering): boolean {
    return this.generation === generation && this.epoch === epoch;
  }

  toString(): string {
    return `${this.epoch}.${this.generation}.${this.seq}`;
  }
}

/** @throws TypeError for a cursor of another store */
export function ownCursor(cursor: LogCursor): SqliteCursor {
  if (!(cursor instanceof SqliteCursor)) throw new TypeError('cursor: of another log store');
  return cursor;
}
