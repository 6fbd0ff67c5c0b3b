import { count, type Rules, readRules } from '../options.ts';
import type { Entry, EventStream, IterateOptions } from '../types.ts';
import { createEntryReader } from './entry-reader.ts';
import { deliveryOf } from './stream-delivery.ts';

const rules: Rules<keyof IterateOptions> = { maxQueued: [10_000, count] };

/**
 * Returns an iterator over every entry that is added to the stream from then on, gaps included, until `close()`. What
 * `seed()` and `fill()` add is left out. While the loop is behind, the stream is not read further. Where `sharedTabs()`
 * uses the connection for other tabs too, there is no such back pressure: beyond `maxQueued` queued entries, a gap
 * replaces the oldest ones.
 *
 * @throws TypeError for a wrong option
 * @example
 * ```ts
 * for await (const entry of iterate(stream)) if (entry.kind === 'event') await store(entry.data);
 * ```
 */
export function iterate<Values extends object>(
  stream: EventStream<Values>,
  options: IterateOptions = {},
): AsyncIterableIterator<Entry<Values>> {
  const { maxQueued } = readRules(options as Required<IterateOptions>, rules, 'iterate.');
  const reader = createEntryReader(maxQueued, {
    isShared: () => stream.getSnapshot().role !== 'standalone',
    onIdle: (hasLeft) => settle(hasLeft),
  });
  const settle = deliveryOf(stream).join({
    deliver: (entries) => entries.forEach(reader.push),
    isBehind: reader.isBehind,
    end: reader.end,
  });
  return reader as AsyncIterableIterator<Entry<Values>>;
}
