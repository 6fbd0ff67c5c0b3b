import { retryWhileBusy } from './retry.ts';
import { isBusy } from './sqlite-error.ts';

/** Runs appends in the order of the calls: at once, unless one waits for the lock of another process. */
export class AppendQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param append may throw that the database is locked; then it is called again */
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
    // The caller gets the rejection; the next append only waits.
    this.#last = result.catch(() => {});
    return result;
  }

  /** Resolves when no append waits any more. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
