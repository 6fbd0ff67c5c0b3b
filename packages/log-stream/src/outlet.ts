import type { Response } from 'express';

/** The writing end of one stream: whole pieces in, and an honest answer whether there is room for more. */
export class Outlet {
  readonly #res: Response;
  readonly #maxStallMs: number | false;
  #open: boolean;

  constructor(res: Response, maxStallMs: number | false) {
    this.#res = res;
    this.#maxStallMs = maxStallMs;
    this.#open = !res.destroyed && !res.closed;
    res.once('close', () => {
      this.#open = false;
    });
    // A reset connection is seen as close; without a listener its error would end the process.
    res.on('error', () => {});
  }

  /** False once the reader has gone or the stream has been ended. */
  get open(): boolean {
    return this.#open;
  }

  /** Whether the reader has yet to take what was written. */
  get full(): boolean {
    return this.#open && this.#res.writableNeedDrain;
  }

  /** Bytes that the kernel has not taken yet. */
  get bufferedBytes(): number {
    return this.#res.writableLength;
  }

  /** @returns false if the socket is full now: written all the same, but wait before the next one */
  write(chunk: string | Buffer): boolean {
    return this.#open && this.#res.write(chunk);
  }

  /** Waits until there is room, or the reader has gone. One that takes nothing for too long is cut. */
  async drained(): Promise<void> {
    if (!this.full) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#maxStallMs === false ? undefined : setTimeout(() => this.cut(), this.#maxStallMs).unref();
    this.#res.once('drain', resolve).once('close', resolve);
    await promise;
    clearTimeout(timer);
    this.#res.off('drain', resolve).off('close', resolve);
  }

  /** Ends the stream after what was written. */
  end(): void {
    this.#open = false;
    this.#res.end();
  }

  /** Ends the stream at once, as broken: the reader comes back with the id of its last whole event. */
  cut(): void {
    this.#open = false;
    this.#res.destroy();
  }
}
