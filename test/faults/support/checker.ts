import { readFrame } from './events.ts';

/** Counts what one browser got against what the upstream numbered. */
export class Ledger {
  delivered = 0;
  doubled = 0;
  reordered = 0;
  /** Not as it was sent, or under another event's id. */
  mangled = 0;
  epoch = 0;
  /** The highest number so far; undefined before the first event of a browser that may start anywhere. */
  last: number | undefined;
  readonly #missing = new Set<number>();
  #lostBefore = 0;

  /** `from`: the first event that it must get; undefined: whichever comes first. */
  constructor(from: number | undefined) {
    this.last = from === undefined ? undefined : from - 1;
  }

  take(data: string, id: string | undefined): void {
    this.delivered++;
    const read = readFrame(data);
    if (!read || (id !== undefined && /^\d+$/.test(id) && id !== String(read.sequence))) {
      this.mangled++;
      return;
    }
    const { epoch, sequence } = read;
    if (epoch > this.epoch) {
      // What the old epoch still owed is lost; the new one owes everything from 1.
      this.#lostBefore += this.#missing.size;
      this.#missing.clear();
      this.epoch = epoch;
      this.last = 0;
    }
    this.last ??= sequence - 1;
    if (sequence > this.last) {
      for (let skipped = this.last + 1; skipped < sequence; skipped++) this.#missing.add(skipped);
      this.last = sequence;
    } else if (this.#missing.delete(sequence)) this.reordered++;
    else this.doubled++;
  }

  /** Events up to `head` that never came. */
  lost(head: number): number {
    return this.#lostBefore + this.#missing.size + Math.max(0, head - (this.last ?? head));
  }
}
