import { request } from 'node:http';

/** Reads one stream of the upstream for all browsers. @param onEvent called with each whole event as text */
export function readSource(upstream: string, onEvent: (text: string) => void): void {
  const up = request(`${upstream}/logs/stream`, { headers: { accept: 'text/event-stream' } }, (answer) => {
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

/** The same events one after another, for a source of sse-proxy. */
export async function* readEvents(upstream: string): AsyncGenerator<{ id: string; data: string }> {
  let queue: string[] = [];
  let wake = () => {};
  readSource(upstream, (text) => {
    queue.push(text);
    wake();
  });
  for (;;) {
    if (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    const texts = queue;
    queue = [];
    for (const text of texts) {
      const lineEnd = text.indexOf('\n');
      yield { id: text.slice('id: '.length, lineEnd), data: text.slice(lineEnd + '\ndata: '.length) };
    }
  }
}
