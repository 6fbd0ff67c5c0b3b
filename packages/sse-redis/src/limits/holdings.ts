import type { Counter } from './counters.ts';

/** Counter of all streams. */
const total = 'total';

/** How many streams of this process are open, by counter; and what of that Redis has not been told. */
export class Holdings {
  readonly #open = new Map<string, number>();
  readonly #untold = new Map<string, number>();

  /** Open streams of this process. */
  get total(): number {
    return this.#open.get(total) ?? 0;
  }

  get hasUntold(): boolean {
    return this.#untold.size > 0;
  }

  /** Counts a stream that Redis has counted. */
  enterTold(counters: readonly Counter[]): void {
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

  /** All open streams, as pairs for `register`. From then on Redis has been told everything so far. */
  tellAll(): (string | number)[] {
    this.#untold.clear();
    return [...this.#open].flat();
  }

  /** What has changed since Redis was told, as pairs for `adjust`. */
  tellChanges(): (string | number)[] {
    const changes = [...this.#untold].flat();
    this.#untold.clear();
    return changes;
  }

  #changeBoth(counters: readonly Counter[], by: number): void {
    for (const id of countedIn(counters)) {
      change(this.#open, id, by);
      change(this.#untold, id, by);
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
