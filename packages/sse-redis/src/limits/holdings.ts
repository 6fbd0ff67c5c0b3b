import type { Counter } from './counters.ts';

/** Counter of all streams. */
const total = 'total';

/** How many streams of this process are open, by counter, and which changes have not been sent to Redis. */
export class Holdings {
  readonly #open = new Map<string, number>();
  readonly #changes = new Map<string, number>();

  /** Open streams of this process. */
  get total(): number {
    return this.#open.get(total) ?? 0;
  }

  /** True if changes have not been sent to Redis. */
  get hasChanges(): boolean {
    return this.#changes.size > 0;
  }

  /** Counts a stream that Redis has counted. */
  enterCounted(counters: readonly Counter[]): void {
    for (const id of countedIn(counters)) change(this.#open, id, 1);
  }

  /** Counts a stream that was admitted without Redis. */
  enter(counters: readonly Counter[]): void {
    this.#changeBoth(counters, 1);
  }

  /** A stream has ended. */
  leave(counters: readonly Counter[]): void {
    this.#changeBoth(counters, -1);
  }

  /** All open streams, as pairs for `register`. They include all changes so far. */
  takeAll(): (string | number)[] {
    this.#changes.clear();
    return [...this.#open].flat();
  }

  /** The changes that have not been sent to Redis, as pairs for `adjust`. The caller sends them. */
  takeChanges(): (string | number)[] {
    const changes = [...this.#changes].flat();
    this.#changes.clear();
    return changes;
  }

  #changeBoth(counters: readonly Counter[], by: number): void {
    for (const id of countedIn(counters)) {
      change(this.#open, id, by);
      change(this.#changes, id, by);
    }
  }
}

/** Names of the counters that bound open streams. */
function countedIn(counters: readonly Counter[]): readonly string[] {
  return [total, ...counters.filter(({ rule }) => rule.max !== undefined).map(({ id }) => id)];
}

function change(counts: Map<string, number>, id: string, by: number): void {
  const count = (counts.get(id) ?? 0) + by;
  if (count === 0) counts.delete(id);
  else counts.set(id, count);
}
