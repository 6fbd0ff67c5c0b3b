import type { EventEmitter } from 'node:events';
import type { SourceContext, SseEvent } from '@datashop/sse-proxy';

/** Most values that wait for slow browsers. */
const maxQueued = 1_000;

/**
 * Follows an EventEmitter. It can't be slowed down, so values are queued while no browser takes them, and it can't
 * repeat anything, so use it with `share: { key, ids: 'assign', join: 'live' }`: a browser that returns is then served
 * from the replay ring of sse-proxy.
 *
 * If the queue is full, the source throws. sse-proxy then reports a gap (`no-ids`) and calls it again: what was dropped
 * is never hidden.
 */
export function fromEmitter<T>(emitter: EventEmitter, name: string, toEvent: (value: T) => SseEvent) {
  return (_req: unknown, { signal }: SourceContext): AsyncIterable<SseEvent> => {
    const queue: T[] = [];
    let isOverflown = false;
    let wake = () => {};
    const add = (value: T) => {
      if (queue.length < maxQueued) queue.push(value);
      else isOverflown = true;
      wake();
    };
    // Subscribed here, not in the generator, which does not run before its first next().
    emitter.on(name, add);
    signal.addEventListener('abort', () => {
      emitter.off(name, add);
      wake();
    });
    return (async function* events() {
      while (!signal.aborted) {
        if (queue.length > 0) yield toEvent(queue.shift() as T);
        else if (isOverflown) throw new Error(`more than ${maxQueued} values are queued`);
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    })();
  };
}
