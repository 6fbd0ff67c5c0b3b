import { type FSWatcher, watch } from 'node:fs';
import { walOf } from './file.ts';

/** Reports writes to the write-ahead log of a database, where the operating system can. */
export class WalWatch {
  readonly #file: string;
  readonly #onWrite: () => void;
  #watcher: FSWatcher | undefined;

  constructor(file: string, onWrite: () => void) {
    this.#file = walOf(file);
    this.#onWrite = onWrite;
  }

  /** Starts to watch, unless it is watching. Does nothing where it can't: the caller polls as well. */
  start(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#file, { persistent: false }, (event) => {
        // The file was deleted or replaced: the next start() watches the new one.
        if (event === 'rename') this.stop();
        this.#onWrite();
      });
      this.#watcher.on('error', () => this.stop());
    } catch {
      // The file does not exist yet, or the system's limit of watches is reached.
    }
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
