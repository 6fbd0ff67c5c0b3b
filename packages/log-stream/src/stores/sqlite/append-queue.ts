import { retryWhileBusy } from './retry.ts';
import { isBusy } from './sqlite-error.ts';

/**
 * Runs appends in the order of the calls: at once, unless an earlier one is waiting for the lock of another process.
 */
export class AppendQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param append if it throws because the database is locked, it is called again */
  async run<T>(append: () => T): Promise<T> {
    if (this.#waiting === 0) {
      try {
        return append();
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
    }
    this.#waiting++;
    const result = this.#last.then(() => retryWhileBusy(append)).finally(() => this.#waiting--);
    // The caller gets the rejection. The next append only awaits the end of this one.
    this.#last = result.catch(() => {});
    return result;
  }

  /** Resolves when no append is waiting any more. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
