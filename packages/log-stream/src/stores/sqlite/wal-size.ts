import { sizeOf, walOf } from './file.ts';

/**
 * Bytes of a write-ahead log beyond which a warning is emitted, and to which SQLite truncates it when it restarts the
 * log.
 */
export const maxWalBytes = 64 * 1024 * 1024;
const checkMs = 1_000;

/** Warns of a write-ahead log that grows: a process that is stopped within a read keeps SQLite from reusing it. */
export class WalSize {
  readonly #file: string | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #isWarned = false;

  /** @param file the database; undefined: in memory */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  /** The size in bytes. */
  read(): number {
    return this.#file === undefined ? 0 : sizeOf(walOf(this.#file));
  }

  /** Checks the size, at most once a second, and warns once while it stays over the limit. */
  check(): void {
    const now = performance.now();
    if (now - this.#checkedAt < checkMs) return;
    this.#checkedAt = now;
    const bytes = this.read();
    const isLarge = bytes > maxWalBytes;
    if (isLarge && !this.#isWarned) {
      const mebibytes = Math.round(bytes / 1024 / 1024);
      process.emitWarning(
        `${this.#file}: the write-ahead log has grown to ${mebibytes} MiB; a process that reads the log store may be stopped`,
      );
    }
    this.#isWarned = isLarge;
  }
}
