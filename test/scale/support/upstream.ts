// A process with an upstream. Every stream gets event 0 at once and later ones on request. Each event names its stream,
// so that a test detects one that reaches another browser.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { answer } from './child.ts';

/** Not a divisor of an event's length, so that most chunks end in the middle of an event. */
const pieceBytes = 101;

const streams = new Map<http.ServerResponse, string>();
let next = 1;
let requests = 0;
let open = 0;
let mostOpen = 0;
let emptiedAt = process.hrtime.bigint();

function event(stream: string, sequence: number): string {
  return `id: ${sequence}\ndata: ${stream} ${sequence}\n\n`;
}

const server = http.createServer((req, res) => {
  requests++;
  const stream = new URL(req.url ?? '/', 'http://upstream').searchParams.get('stream') ?? '';
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  res.write(event(stream, 0));
  streams.set(res, stream);
  res.on('close', () => streams.delete(res));
});
server.on('connection', (socket) => {
  open++;
  mostOpen = Math.max(mostOpen, open);
  socket.on('error', () => {});
  socket.on('close', () => {
    open--;
    if (open === 0) emptiedAt = process.hrtime.bigint();
  });
});

const answers = {
  /** Sends `count` more events on every open stream, in chunks that ignore the bounds of events. */
  async emit(count: number): Promise<void> {
    const texts = [...streams].map(([res, stream]) => {
      const text = Array.from({ length: count }, (_, n) => event(stream, next + n)).join('');
      return { res, text };
    });
    next += count;
    for (let at = 0; texts.some(({ text }) => at < text.length); at += pieceBytes) {
      for (const { res, text } of texts) if (at < text.length) res.write(text.slice(at, at + pieceBytes));
      await setImmediate();
    }
  },
  counts: () => ({ requests, open, mostOpen }),
  /** Resolves when no connection is open, with the time of that by the clock that all processes share. */
  async emptied(): Promise<bigint> {
    await until(() => open === 0);
    return emptiedAt;
  },
};
export type UpstreamAnswers = typeof answers;

server.listen(0, '127.0.0.1');
await once(server, 'listening');
answer((server.address() as AddressInfo).port, answers);
