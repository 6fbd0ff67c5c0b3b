import type { Entry } from './types.ts';

/** Passes every entry of a stream on. It is made by `events/`, so that pages without consumers don't load it. */
export interface Delivery {
  add(entry: Entry): void;
  /** Delivers what was added. Returns a promise for the time when no consumer is behind, undefined if none is now. */
  ready(): Promise<void> | undefined;
  /** The stream has been closed. May be called more than once. */
  close(): void;
}

/** A stream as `events/` uses it. */
export interface DeliveringStream {
  /** Returns the delivery of the stream, which is created by the first call. */
  delivery<T extends Delivery>(create: () => T): T;
}
