import type { SseProxyError } from '../errors.ts';

/** Is notified of how the body of one upstream response ends. At most one of the methods is called, once. */
export interface BodyListener {
  /** The body is complete. */
  onBodyEnd(): void;
  /** The body's coding is broken: what follows can't be decoded. */
  onBodyError(error: SseProxyError): void;
}

/**
 * Receives the bytes of an upstream's events, in order. First of the interfaces on the event path: a `BodySource`, or
 * the `EventPump` of the option `source`, calls it. `Feed` implements it and splits the bytes for
 * `FrameHandler.onFrame`.
 */
export interface DataHandler {
  /** `chunk` is only valid during the call. */
  onData(chunk: Buffer): void;
}

/** Delivers the body of one upstream response, in order, and only while it isn't paused. */
export interface BodySource {
  /** Starts delivery. Call once, after the response head has been handled. */
  start(): void;
  /** Stops delivery at once, and the reading of the socket soon after: TCP then slows the upstream down. */
  pause(): void;
  resume(): void;
  /** Runs `then` after every byte received so far has been delivered, which a pause can delay. */
  drained(then: () => void): void;
  /** Stops delivery for good and drops what is buffered. */
  close(): void;
}
