import { request } from 'node:http';
import { connect } from 'node:net';

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

/**
 * The same events one after another, for a source of sse-proxy. Reads the socket itself, in the way in which sse-proxy
 * reads an upstream's: what is measured is the source's way through the proxy, not an HTTP client.
 */
export async function* readEvents(upstream: string): AsyncGenerator<{ id: string; data: string }> {
  const { hostname, port } = new URL(upstream);
  let text = '';
  let wake = () => {};
  const buffer = Buffer.allocUnsafeSlow(65_536);
  const callback = (length: number) => {
    text += buffer.toString('latin1', 0, length);
    wake();
    return true;
  };
  const socket = connect({ host: hostname, port: Number(port), onread: { buffer, callback } });
  socket.write('GET /logs/stream HTTP/1.1\r\nHost: bench\r\n\r\n');
  for (let at = 0; ; ) {
    const end = text.indexOf('\n\n', at);
    if (end === -1) {
      text = text.slice(at);
      at = 0;
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    // Behind the head of the response or the size of a chunk.
    const start = text.indexOf('id: ', at);
    at = end + 2;
    if (start === -1 || start > end) continue;
    const lineEnd = text.indexOf('\n', start);
    yield { id: text.slice(start + 'id: '.length, lineEnd), data: text.slice(lineEnd + '\ndata: '.length, end) };
  }
}
