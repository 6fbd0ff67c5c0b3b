import { idOf, readFrame } from './events.ts';

/** Compares the events that one browser received with the numbers that the upstream gave them. */
export class Ledger {
  delivered = 0;
  doubled = 0;
  reordered = 0;
  /** Events that differ from what was sent, or that have another event's id. */
  mangled = 0;
  epoch = 0;
  /** The highest number received; undefined before the first event if the browser may start anywhere. */
  last: number | undefined;
  readonly #missing = new Set<number>();
  /** Those of the missing events that a gap preceded. */
  readonly #announced = new Set<number>();
  #isBehindGap = false;
  readonly #eventsPerId: number;
  #lostBefore = 0;

  /**
   * @param from number of the first event that must arrive; undefined: the first one that arrives
   * @param eventsPerId number of successive events that have the same id
   */
  constructor(from: number | undefined, eventsPerId = 1) {
    this.#eventsPerId = eventsPerId;
    this.last = from === undefined ? undefined : from - 1;
  }

  take(data: string, id: string | undefined): void {
    this.delivered++;
    const read = readFrame(data);
    if (!read || (id !== undefined && /^\d+$/.test(id) && id !== idOf(read.sequence, this.#eventsPerId))) {
      this.mangled++;
      return;
    }
    this.#place(read.epoch, read.sequence);
  }

  /** A gap took the place of event number `sequence`: it is neither lost nor delivered. */
  discarded(sequence: number): void {
    this.#place(this.epoch, sequence);
  }

  /** A gap was reported: the events that are missing until the next new one are announced. */
  gap(): void {
    this.#isBehindGap = true;
  }

  /** Number of missing events that no gap preceded. */
  get unannounced(): number {
    return this.#missing.size - this.#announced.size;
  }

  #place(epoch: number, sequence: number): void {
    if (epoch > this.epoch) {
      // Events that are still missing from the old epoch are lost; the new epoch must arrive from event 1.
      this.#lostBefore += this.#missing.size;
      this.#missing.clear();
      this.#announced.clear();
      this.epoch = epoch;
      this.last = 0;
    }
    this.last ??= sequence - 1;
    if (sequence > this.last) {
      for (let skipped = this.last + 1; skipped < sequence; skipped++) {
        this.#missing.add(skipped);
        if (this.#isBehindGap) this.#announced.add(skipped);
      }
      this.#isBehindGap = false;
      this.last = sequence;
    } else if (this.#missing.delete(sequence)) {
      this.#announced.delete(sequence);
      this.reordered++;
    } else this.doubled++;
  }

  /** Number of events up to `head` that did not arrive. */
  lost(head: number): number {
    return this.#lostBefore + this.#missing.size + Math.max(0, head - (this.last ?? head));
  }
}
