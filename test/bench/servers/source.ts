import { request } from 'node:http';
import type { SseEvent } from '@datashop/sse-proxy';
import { keepPace } from '../processes/pace.ts';
import type { EmitOrder } from '../processes/upstream.ts';
import { eventData } from '../processes/wire.ts';

/** Reads one stream of the upstream for all browsers. @param onEvent called with each whole event as text */
export function readSource(upstream: string, onEvent: (text: string) => void, path = '/logs/stream'): void {
  const up = request(`${upstream}${path}`, { headers: { accept: 'text/event-stream' } }, (answer) => {
    let rest = '';
    answer.setEncoding('latin1');
    answer.on('data', (text: string) => {
      const events = (rest + text).split('\n\n');
      rest = events.pop() as string;
      for (const event of events) if (!event.startsWith(':')) onEvent(event);
    });
  });
  up.on('error', (error) => {
    throw error;
  });
  up.end();
}

/** Events that this process makes, for a source of sse-proxy. */
export class OwnEvents implements AsyncIterable<SseEvent> {
  #sequence = 0;
  #queue: SseEvent[] = [];
  #wake = () => {};

  /** Makes events at the given rate. Returns the last sequence number. */
  async emit({ events, perSecond, bytes, withinMs }: EmitOrder): Promise<{ last: number }> {
    await keepPace({ count: events, perSecond, withinMs }, () => {
      this.#queue.push({ id: String(++this.#sequence), data: eventData(this.#sequence, bytes) });
      this.#wake();
    });
    return { last: this.#sequence };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SseEvent> {
    for (;;) {
      const events = this.#queue;
      this.#queue = [];
      for (const event of events) yield event;
      if (this.#queue.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
