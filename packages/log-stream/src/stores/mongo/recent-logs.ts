import type { FoundLog } from './found-logs.ts';

/** Bounds of what one watch keeps in memory for its subscribers. */
const maxLogs = 10_000;
const maxCharacters = 4 * 1024 * 1024;

/** The newest logs of a watch, by their number. Others are read again from the database. */
export class RecentLogs {
  readonly #logs = new Map<number, FoundLog>();
  #characters = 0;

  get(n: number): FoundLog | undefined {
    return this.#logs.get(n);
  }

  /** @param n higher than all before */
  add(n: number, log: FoundLog): void {
    this.#logs.set(n, log);
    this.#characters += log.size;
    for (const [oldest, { size }] of this.#logs) {
      if (this.#logs.size <= maxLogs && this.#characters <= maxCharacters) break;
      this.#logs.delete(oldest);
      this.#characters -= size;
    }
  }

  clear(): void {
    this.#logs.clear();
    this.#characters = 0;
  }
}
