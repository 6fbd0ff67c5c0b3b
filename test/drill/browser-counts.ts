import type { Viewer } from '../faults/support/viewer.ts';

/** How often each reason occurred. */
export type Reasons = Readonly<Record<string, number>>;

/** What all browsers have seen so far. */
export interface Counts {
  readonly lost: number;
  /** Lost events that no gap preceded. */
  readonly unannounced: number;
  readonly repeated: number;
  /** Repeated events that a page with sse-client shows twice. */
  readonly repeatedInClient: number;
  readonly wrong: number;
  /** Gaps by reason. */
  readonly gaps: Reasons;
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
    gaps: countReasons(viewers.flatMap(({ gaps }) => gaps)),
    cuts: sum(({ cuts }) => cuts),
  };
}

export function countReasons(reasons: readonly string[]): Reasons {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** Number of all gaps. */
export function total(reasons: Reasons): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0);
}

/** What has happened between two counts. */
export function difference(before: Counts, after: Counts): Counts {
  return combine(after, before, (left, right) => left - right);
}

export function plus(counts: Counts, more: Partial<Counts>): Counts {
  return combine(counts, more, (left, right) => left + right);
}

type Combine = (left: number, right: number) => number;

function combine(left: Counts, right: Partial<Counts>, by: Combine): Counts {
  const { gaps, ...numbers } = left;
  const names = Object.keys(numbers) as Exclude<keyof Counts, 'gaps'>[];
  const combined = Object.fromEntries(names.map((name) => [name, by(left[name], right[name] ?? 0)]));
  return { ...(combined as Omit<Counts, 'gaps'>), gaps: combineReasons(gaps, right.gaps ?? {}, by) };
}

function combineReasons(left: Reasons, right: Reasons, by: Combine): Reasons {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  const counts = names.map((name) => [name, by(left[name] ?? 0, right[name] ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
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
