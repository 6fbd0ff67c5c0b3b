import type { SseProxyError } from '../errors.ts';

/** Is notified of how the body of one upstream response ends. At most one of the methods is called, once. */
export interface BodyListener {
  /** The body is complete. */
  onBodyEnd(): void;
  /** The body's coding is broken: what follows can't be decoded. */
  onBodyError(error: SseProxyError): void;
}

/** Receives the body's bytes, in order. */
export interface DataHandler {
  /** `chunk` is only valid during the call. */
  onData(chunk: Buffer): void;
}

/** Delivers the body of one upstream response, in order, and only while it isn't paused. */
export interface BodySource {
  /** Starts delivery. Call once, after the response head has been handled. */
  start(): void;
  /** Stops delivery, and soon the reading of the socket: the upstream is slowed down by TCP. */
  pause(): void;
  resume(): void;
  /** Runs `then` after every byte received so far has been delivered, which a pause can delay. */
  drained(then: () => void): void;
  /** Stops delivery for good and drops what is buffered. */
  close(): void;
}
