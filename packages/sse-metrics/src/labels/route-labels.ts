import { printable } from '../printable.ts';

/** Most values of the label `route`. More are probably paths with ids in them. */
const maxRoutes = 100;
const overflow = 'other';

/** Values of the label `route`: a bounded number, whatever the routes of the streams are. */
export class RouteLabels {
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

  of(route: string): string {
    const text = printable(route);
    const label = this.#known.has(text) || this.#known.size < maxRoutes ? text : overflow;
    if (!this.#known.has(label)) {
      this.#known.add(label);
      this.#onNew(label);
    }
    return label;
  }
}
