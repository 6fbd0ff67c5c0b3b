// A process with the source of all events: a TCP server with just enough HTTP to be cheap.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { answer } from '../../scale/support/child.ts';
import { chunk, eventData, logData } from './wire.ts';

/** Events to send to every connection. */
export interface EmitOrder {
  /** Events for each connection. */
  readonly events: number;
  readonly perSecond: number;
  readonly bytes: number;
  /** What an event is: a log of the log service, or something short. */
  readonly content?: 'log' | undefined;
  /** Spreads the connections over the interval between two events, instead of writing to all of them at once. */
  readonly spread: boolean;
  /** Number of feeds, each at a path of its own: what is spread are the feeds. Undefined: one. */
  readonly feeds?: number | undefined;
  readonly withinMs: number;
}

const head =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n';
const hello = Buffer.concat([Buffer.from(head), chunk(':ok\n\n')]);
// Returning browsers need no more than this.
const maxReplayed = 1_000;

/** Open responses, and the paths that were requested. */
const live = new Map<Socket, string>();
const replayed: Buffer[] = [];
let sequence = 0;
let publisher: { sockets: readonly Socket[]; path: string } | undefined;
let connected = () => {};

const server = createServer({ noDelay: true }, (socket) => {
  let request = '';
  socket.on('error', () => {});
  socket.on('close', () => live.delete(socket));
  socket.on('data', (bytes: Buffer) => {
    request += bytes.toString('latin1');
    if (!request.includes('\r\n\r\n')) return;
    const cursor = Number(/^last-event-id:\s*(\d+)/im.exec(request)?.[1] ?? sequence);
    const path = request.split(' ', 2)[1] ?? '/';
    request = '';
    socket.write(cursor < sequence ? Buffer.concat([hello, ...replayed.slice(cursor - sequence)]) : hello);
    live.set(socket, path);
    connected();
  });
});

function nextFrame({ bytes, content, feeds }: EmitOrder, part: number): Buffer {
  const data = content === 'log' ? logData(sequence, bytes) : eventData(sequence, bytes);
  if (publisher) {
    const { sockets, path } = publisher;
    const channel = feeds === undefined ? path : `${path}/${part}`;
    sockets[part]?.write(`POST ${channel} HTTP/1.1\r\nHost: bench\r\nContent-Length: ${data.length}\r\n\r\n${data}`);
  }
  return chunk(`id: ${sequence}\ndata: ${data}\n\n`);
}

function begin(order: EmitOrder): Buffer {
  sequence++;
  const frame = nextFrame(order, 0);
  replayed.push(frame);
  if (replayed.length > maxReplayed) replayed.shift();
  return frame;
}

/** The sockets that get an event at the same time. */
function partsOf({ spread, feeds }: EmitOrder): (readonly Socket[])[] {
  const sockets = [...live.keys()];
  if (feeds !== undefined && publisher) return Array.from({ length: feeds }, () => []);
  if (feeds !== undefined) return [...Map.groupBy(sockets, (socket) => live.get(socket)).values()];
  return spread && sockets.length > 0 ? sockets.map((socket) => [socket]) : [sockets];
}

const answers = {
  /** Resolves with the number of open responses when it has reached the given number. */
  connections({ count, withinMs }: { count: number; withinMs: number }): Promise<number> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(live.size), withinMs);
      connected = () => {
        if (live.size < count) return;
        clearTimeout(timer);
        resolve(live.size);
      };
      connected();
    });
  },
  /** Also publishes to nchan: each feed to a channel of its own, over a connection of its own. */
  publishTo({ port, path, feeds }: { port: number; path: string; feeds: number }): void {
    const sockets = Array.from({ length: feeds }, () => connect({ port, host: '127.0.0.1', noDelay: true }));
    for (const socket of sockets) socket.on('error', () => {}).resume();
    publisher = { sockets, path };
  },
  /** Sends events at the given rate. Returns the last sequence number and the time it took. */
  emit(order: EmitOrder): Promise<{ last: number; tookMs: number }> {
    const { events, perSecond, withinMs } = order;
    const groups = partsOf(order);
    const parts = groups.length;
    const startedAt = performance.now();
    let sent = 0;
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        const elapsedMs = performance.now() - startedAt;
        const due = Math.min(events * parts, Math.floor((elapsedMs / 1e3) * perSecond * parts));
        for (; sent < due; sent++) {
          const part = sent % parts;
          const frame = part === 0 ? begin(order) : nextFrame(order, part);
          for (const socket of groups[part] ?? []) socket.write(frame);
        }
        if (sent < events * parts && elapsedMs < withinMs) return;
        clearInterval(timer);
        resolve({ last: sequence, tookMs: performance.now() - startedAt });
      }, 1);
    });
  },
};
export type UpstreamAnswers = typeof answers;

server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
  answer((server.address() as AddressInfo).port, answers),
);
