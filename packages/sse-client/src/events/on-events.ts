import { callSafely } from '../listen.ts';
import type { Entry, EventEntry, EventStream, GapEntry } from '../types.ts';
import { deliveryOf } from './stream-delivery.ts';

/**
 * Calls `listener` with the events that the stream receives from now on: each one once, in order, in batches, whether
 * or not they are still kept. Duplicates and what `seed()` and `fill()` add are left out. Gaps are passed to `onGap`,
 * in order with the events. An error that a listener throws is reported as uncaught. Returns a function that
 * unsubscribes.
 *
 * @example
 * ```ts
 * const unsubscribe = onEvents(stream, (batch) => batch.forEach(({ id, data }) => handle(id, data)));
 * ```
 */
export function onEvents<Values extends object>(
  stream: EventStream<Values>,
  listener: (batch: readonly EventEntry<Values>[]) => void,
  onGap?: (gap: GapEntry) => void,
): () => void {
  const toBatch = listener as (batch: readonly EventEntry[]) => void;
  const leave = deliveryOf(stream).join({ deliver: (entries) => deliverInBatches(entries, toBatch, onGap) });
  return () => leave(true);
}

/** Calls `listener` for each run of events, and `onGap` in between, so that the order of both is that of the stream. */
function deliverInBatches(
  entries: readonly Entry[],
  listener: (batch: readonly EventEntry[]) => void,
  onGap: ((gap: GapEntry) => void) | undefined,
): void {
  let batch: EventEntry[] = [];
  const deliver = () => {
    const events = batch;
    batch = [];
    if (events.length > 0) callSafely(() => listener(events));
  };
  for (const entry of entries) {
    if (entry.kind === 'event') batch.push(entry);
    else if (onGap) {
      deliver();
      callSafely(() => onGap(entry));
    }
  }
  deliver();
}
