import type { DeliveredLog } from './log-mapper.ts';

/** Bounds of what one watch, and all watches together, keep in memory for their subscribers. */
const maxLogs = 10_000;
const maxCharacters = 4 * 1024 * 1024;
const maxAllCharacters = 64 * 1024 * 1024;

/** Counts the characters of JSON that all watches of a store keep. */
export interface LogMemory {
  characters: number;
}

/** The newest logs of a watch, by their number. Others are read again from the database. */
export class RecentLogs {
  readonly #all: LogMemory;
  readonly #logs = new Map<number, DeliveredLog>();
  #characters = 0;

  constructor(all: LogMemory) {
    this.#all = all;
  }

  get(n: number): DeliveredLog | undefined {
    return this.#logs.get(n);
  }

  /** @param n higher than all before */
  add(n: number, log: DeliveredLog): void {
    this.#logs.set(n, log);
    this.#count(log.size);
    for (const [oldest, { size }] of this.#logs) {
      const isOver = this.#characters > maxCharacters || this.#all.characters > maxAllCharacters;
      if (!isOver && this.#logs.size <= maxLogs) break;
      this.#logs.delete(oldest);
      this.#count(-size);
    }
  }

  clear(): void {
    this.#logs.clear();
    this.#count(-this.#characters);
  }

  #count(characters: number): void {
    this.#characters += characters;
    this.#all.characters += characters;
  }
}
