import type { Response } from 'express';

/** Writes whole events to one response and reports back pressure. */
export class ResponseWriter {
  readonly #res: Response;
  readonly #maxStallMs: number | false;
  #open: boolean;

  /** @param maxStallMs milliseconds without progress of a full socket until the response is destroyed, or false */
  constructor(res: Response, maxStallMs: number | false) {
    this.#res = res;
    this.#maxStallMs = maxStallMs;
    this.#open = !res.destroyed && !res.closed;
    res.once('close', () => {
      this.#open = false;
    });
    // A reset connection also emits 'close'. Without a listener, its 'error' would end the process.
    res.on('error', () => {});
    res.on('timeout', () => this.destroy());
  }

  /** False once the subscriber has left or the stream has ended. */
  get open(): boolean {
    return this.#open;
  }

  /** True while the response buffers more than its high-water mark. */
  get full(): boolean {
    return this.#open && this.#res.writableNeedDrain;
  }

  /** Bytes that the kernel has not accepted yet. */
  get bufferedBytes(): number {
    return this.#res.writableLength;
  }

  /** Writes the chunk in any case; returns false if the caller must wait for {@link drained} before the next one. */
  write(chunk: string | Buffer): boolean {
    if (!this.#open) return false;
    this.#res.write(chunk);
    // From the response's state, because middleware may wrap write() and return anything [R41].
    return !this.#res.writableNeedDrain;
  }

  /** Resolves when the response has drained or closed. Destroys it if the socket takes no byte for `maxStallMs`. */
  async drained(): Promise<void> {
    if (!this.full) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    // The socket's own timeout counts a partial write as progress, so a steady slow reader is never cut.
    if (this.#maxStallMs !== false) this.#res.setTimeout(this.#maxStallMs);
    this.#res.once('drain', resolve).once('close', resolve);
    await promise;
    if (this.#maxStallMs !== false) this.#res.setTimeout(0);
    this.#res.off('drain', resolve).off('close', resolve);
  }

  /** Ends the response after everything that was written. */
  end(): void {
    this.#open = false;
    this.#res.end();
  }

  /** Breaks the connection at once; the browser resumes with the id of its last whole event. */
  destroy(): void {
    this.#open = false;
    this.#res.destroy();
  }
}
