import type { Entry } from './types.ts';

/** Passes every entry of a stream on. `events/` creates it, so that pages without consumers don't load it. */
export interface Delivery {
  add(entry: Entry): void;
  /** Delivers what was added. Returns a promise that resolves when no consumer is behind; undefined if none is now. */
  ready(): Promise<void> | undefined;
  /** The stream has been closed. May be called more than once. */
  close(): void;
}

/** A stream as `events/` uses it. */
export interface DeliveringStream {
  /** Returns the delivery of the stream, which the first call creates. */
  delivery<T extends Delivery>(create: () => T): T;
}
