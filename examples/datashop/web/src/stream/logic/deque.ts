/** Removed items are released once there are this many of them and they are half of the array. */
const compactFrom = 1_024;

/** A queue with constant cost for adding at its end and removing at its beginning. */
export class Deque<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  at(index: number): T | undefined {
    return this.#items[this.#head + index];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head >= compactFrom && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  toArray(): T[] {
    return this.#items.slice(this.#head);
  }

  /**
   * The present items. Costs the same however many there are, because the array is only ever appended to or replaced.
   */
  window(): Window<T> {
    return new Window(this.#items, this.#head, this.length);
  }
}

/** A part of an array, which stays as it is while the array grows. */
export class Window<T> {
  readonly length: number;
  readonly #items: readonly T[];
  readonly #first: number;

  constructor(items: readonly T[], first: number, length: number) {
    this.#items = items;
    this.#first = first;
    this.length = length;
  }

  /** As of an array: a negative index counts from the end. */
  at(index: number): T | undefined {
    const place = index < 0 ? this.length + index : index;
    return place >= 0 && place < this.length ? this.#items[this.#first + place] : undefined;
  }

  /** As of an array, without negative indices. */
  slice(start = 0, end = this.length): T[] {
    return this.#items.slice(this.#first + Math.min(start, this.length), this.#first + Math.min(end, this.length));
  }
}
