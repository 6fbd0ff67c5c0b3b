import type { BodySource, DataHandler } from './body-source.ts';
import type { Dispatcher } from './upstream-request.ts';

/**
 * A body that undici reads: on the socket of a user's dispatcher, without chunked coding, or with `fastPath: false`.
 * Undici reports each chunk of the coding on its own; the chunks of one read are joined, so that they leave in one
 * write.
 */
export class DispatcherBody implements BodySource {
  readonly #controller: Dispatcher.DispatchController;
  readonly #handler: DataHandler;
  /** Chunks that are delivered at the end of the current turn, or when a pause ends. */
  #chunks: Buffer[] = [];
  #isDue = false;
  #isPaused = false;
  #isClosed = false;
  #onDrained: (() => void) | undefined;

  constructor(controller: Dispatcher.DispatchController, handler: DataHandler) {
    this.#controller = controller;
    this.#handler = handler;
  }

  start(): void {}

  pause(): void {
    this.#isPaused = true;
    this.#controller.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#controller.resume();
    this.#deliver();
  }

  /** Receives a chunk from undici. A dispatcher may send chunks despite a pause, as undici's MockAgent does. */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.#isDue) return;
    this.#isDue = true;
    process.nextTick(() => {
      this.#isDue = false;
      this.#deliver();
    });
  }

  drained(then: () => void): void {
    this.#onDrained = then;
    this.#deliver();
  }

  close(): void {
    this.#isClosed = true;
    this.#chunks = [];
    this.#onDrained = undefined;
  }

  #deliver(): void {
    if (this.#isPaused || this.#isClosed) return;
    const chunks = this.#chunks;
    this.#chunks = [];
    if (chunks.length > 0) this.#handler.onData(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    if (this.#chunks.length > 0 || this.#isPaused) return;
    this.#onDrained?.();
  }
}
