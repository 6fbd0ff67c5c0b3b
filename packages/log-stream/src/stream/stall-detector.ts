import type { Response } from 'express';
import { takenBytes, unacknowledgedBytes } from './kernel-queue.ts';

/**
 * Distinguishes a subscriber that reads none of the bytes buffered for it from one that reads them slowly. Counts
 * checks instead of reading a clock: a stalled event loop misses checks, and so disconnects no subscriber [R44].
 */
export class StallDetector {
  readonly #res: Response;
  readonly #maxChecks: number;
  #checks = 0;
  #buffered = 0;
  #taken = 0;
  #unacknowledged: number | undefined;

  /** @param maxChecks checks without progress until the subscriber counts as stalled; Infinity: never */
  constructor(res: Response, maxChecks: number) {
    this.#res = res;
    this.#maxChecks = maxChecks;
  }

  /** Calls `onStalled`, asynchronously, once the subscriber has read nothing for more than `maxChecks` checks. */
  check(onStalled: () => void): void {
    if (this.#res.writableLength === 0 || this.#tookBytes()) {
      this.#checks = 0;
      return;
    }
    this.#checks++;
    if (this.#checks === Math.ceil(this.#maxChecks / 8)) void this.#measure();
    if (this.#checks > this.#maxChecks) void this.#confirm(onStalled);
  }

  // One large write counts as buffered until its last byte has left, and later writes add to what is buffered: only the
  // socket's handle shows each step. Without a handle, on a transport that is no TCP socket, progress is a decrease of
  // what is buffered.
  #tookBytes(): boolean {
    const buffered = this.#res.writableLength;
    const taken = this.#res.socket ? takenBytes(this.#res.socket) : 0;
    const took = buffered < this.#buffered || taken !== this.#taken;
    this.#buffered = buffered;
    this.#taken = taken;
    return took;
  }

  // Asynchronous, so that a drain that is due is handled before the subscriber counts as stalled.
  async #confirm(onStalled: () => void): Promise<void> {
    const before = this.#unacknowledged;
    const now = await this.#measure();
    const moved = before !== undefined && now !== undefined && now !== before;
    if (moved || this.#res.writableLength === 0 || this.#tookBytes()) this.#checks = 0;
    else if (this.#checks > this.#maxChecks) onStalled();
  }

  async #measure(): Promise<number | undefined> {
    this.#unacknowledged = this.#res.socket ? await unacknowledgedBytes(this.#res.socket) : undefined;
    return this.#unacknowledged;
  }
}
