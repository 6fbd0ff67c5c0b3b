import type { DeliveringStream, Delivery } from '../delivery.ts';
import type { Entry } from '../types.ts';

/** Receives the entries of a stream. */
export interface Consumer {
  deliver(entries: readonly Entry[]): void;
  /** While it returns true, the stream is read no further. */
  isBehind?(): boolean;
  /** The stream has been closed. */
  end?(): void;
}

/** Passes every entry of the stream to its consumers once, in order, independently of how many entries are kept. */
export interface StreamDelivery extends Delivery {
  /** Returns a function to be called when the consumer is no longer behind, or leaves. */
  join(consumer: Consumer): (isLeaving: boolean) => void;
}

/** The delivery that all consumers of the stream have in common. */
export function deliveryOf(stream: object): StreamDelivery {
  return (stream as DeliveringStream).delivery(createDelivery);
}

function createDelivery(): StreamDelivery {
  const consumers = new Set<Consumer>();
  let added: Entry[] = [];
  let onIdle: (() => void) | undefined;
  let isClosed = false;

  function flush(): void {
    const entries = added;
    added = [];
    if (entries.length > 0) for (const consumer of [...consumers]) consumer.deliver(entries);
  }

  const isBehind = () => [...consumers].some((consumer) => consumer.isBehind?.());

  return {
    add(entry) {
      if (consumers.size > 0 && added.push(entry) === 1) queueMicrotask(flush);
    },
    ready() {
      flush();
      if (!isBehind()) return undefined;
      return new Promise((resolve) => {
        onIdle = resolve;
      });
    },
    join(consumer) {
      flush();
      if (isClosed) consumer.end?.();
      else consumers.add(consumer);
      return (isLeaving) => {
        if (isLeaving) consumers.delete(consumer);
        if (!isBehind()) onIdle?.();
      };
    },
    close() {
      flush();
      isClosed = true;
      for (const consumer of consumers) consumer.end?.();
      consumers.clear();
    },
  };
}
