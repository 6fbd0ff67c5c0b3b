import { printable } from '../printable.ts';

/** Most values of one label. More are probably texts with ids in them. */
const maxValues = 100;
const overflow = 'other';

/** The values of one label, such as `route`. Their number is bounded, whatever the application passes. */
export class BoundedLabels {
  readonly #known = new Set<string>();
  readonly #onNew: (label: string) => void;

  /** `onNew` is called once for every label, before it is returned for the first time. */
  constructor(onNew: (label: string) => void) {
    this.#onNew = onNew;
  }

  /** The labels returned so far. */
  get known(): Iterable<string> {
    return this.#known;
  }

  of(value: string): string {
    const text = printable(value);
    const label = this.#known.has(text) || this.#known.size < maxValues ? text : overflow;
    if (!this.#known.has(label)) {
      this.#known.add(label);
      this.#onNew(label);
    }
    return label;
  }
}
