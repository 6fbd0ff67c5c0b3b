import type { Viewer } from '../faults/support/viewer.ts';

/** What all browsers have seen so far. */
export interface Counts {
  readonly lost: number;
  /** Lost events that no gap preceded. */
  readonly unannounced: number;
  readonly repeated: number;
  /** Repeated events that a page with sse-client shows twice. */
  readonly repeatedInClient: number;
  readonly wrong: number;
  readonly gaps: number;
  readonly cuts: number;
}

/** Sums up the browsers; those with an odd index drop repeated events as sse-client does. */
export function countsOf(viewers: readonly Viewer[]): Counts {
  const sum = (of: (viewer: Viewer, index: number) => number) =>
    viewers.reduce((total, viewer, index) => total + of(viewer, index), 0);
  return {
    lost: sum(({ ledger }) => ledger.lost(ledger.last ?? 0)),
    unannounced: sum(({ ledger }) => ledger.unannounced),
    repeated: sum(({ ledger }) => ledger.doubled),
    repeatedInClient: sum(({ ledger }, index) => (index % 2 === 1 ? ledger.doubled : 0)),
    wrong: sum(({ ledger }) => ledger.reordered + ledger.mangled),
    gaps: sum(({ gaps }) => gaps.length),
    cuts: sum(({ cuts }) => cuts),
  };
}

/** What has happened between two counts. */
export function difference(before: Counts, after: Counts): Counts {
  return combine(after, before, (left, right) => left - right);
}

export function plus(counts: Counts, more: Partial<Counts>): Counts {
  return combine(counts, more, (left, right) => left + right);
}

function combine(left: Counts, right: Partial<Counts>, by: (left: number, right: number) => number): Counts {
  const names = Object.keys(left) as (keyof Counts)[];
  return Object.fromEntries(names.map((name) => [name, by(left[name], right[name] ?? 0)])) as unknown as Counts;
}

/** Measures how long each browser is without a new event. */
export class PauseMeter {
  readonly #lastAt: number[];
  #longest = 0;

  constructor(viewers: readonly Viewer[]) {
    this.#lastAt = viewers.map(() => performance.now());
    for (const [index, viewer] of viewers.entries()) {
      let newest = viewer.ledger.last ?? 0;
      viewer.onEvent = () => {
        if ((viewer.ledger.last ?? 0) <= newest) return;
        newest = viewer.ledger.last ?? 0;
        this.#note(index, performance.now());
      };
    }
  }

  #note(index: number, now: number): void {
    this.#longest = Math.max(this.#longest, now - (this.#lastAt[index] as number));
    this.#lastAt[index] = now;
  }

  /** The longest pause of a browser since the last call, in milliseconds. One that began before counts whole. */
  take(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }
}
