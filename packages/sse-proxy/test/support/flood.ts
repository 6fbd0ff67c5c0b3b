import http from 'node:http';
import type net from 'node:net';
import { until } from './until.ts';
import type { UpstreamRequestSeen } from './upstream.ts';

/** Sends `count` numbered events of `eventBytes`, no faster than they are taken. Resolves when all are sent. */
export async function flood(request: UpstreamRequestSeen, count: number, eventBytes: number, from = 0): Promise<void> {
  for (let n = from; n < from + count; n++) {
    request.send(numbered(n, eventBytes));
    if (request.socket.writableNeedDrain) await drained(request.socket);
    if (request.socket.destroyed) return;
  }
}

/** Event number `n`, of exactly `bytes`. */
export function numbered(n: number, bytes: number): string {
  const start = `id: ${n}\ndata: `;
  return `${start.padEnd(bytes - 2, 'x')}\n\n`;
}

function drained(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** A browser that reads only on request, and keeps no body: it counts the events of {@link flood}. */
export interface SlowReader {
  /** Waits for the headers. Nothing of the body is read yet. */
  opened(): Promise<void>;
  /** Reads from now on. */
  read(): void;
  /** Stops reading; what comes fills the socket buffers. */
  stop(): void;
  readonly events: () => number;
  /** Whether the ids counted up by one from the first. */
  readonly inOrder: () => boolean;
  /** Whether the stream is over, cut or complete. */
  readonly closed: () => boolean;
  readonly complete: () => boolean;
  leave(): void;
}

export function reader(port: number, path = '/sse'): SlowReader {
  const request = http.get({ host: '127.0.0.1', port, path, headers: { accept: 'text/event-stream' }, agent: false });
  let response: http.IncomingMessage | undefined;
  let over = false;
  let events = 0;
  let ordered = true;
  let last: number | undefined;
  let rest = '';
  request.on('error', () => (over = true));
  request.on('close', () => (over = true));
  request.on('response', (started) => {
    response = started;
    started.on('error', () => {});
    started.setEncoding('latin1');
    started.on('data', (text: string) => {
      const frames = (rest + text).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        const [before] = /^(?:(?::|retry: \d+)\n)*/.exec(frame) ?? [''];
        const id = /^id: (\d+)\n/.exec(frame.slice(before.length))?.[1];
        if (id === undefined) continue;
        events++;
        if (last !== undefined && Number(id) !== last + 1) ordered = false;
        last = Number(id);
      }
    });
    started.pause();
  });
  return {
    opened: async () => void (await until(() => response || over)),
    read: () => void response?.resume(),
    stop: () => void response?.pause(),
    events: () => events,
    inOrder: () => ordered,
    closed: () => over,
    complete: () => response?.complete ?? false,
    leave: () => void request.destroy(),
  };
}
