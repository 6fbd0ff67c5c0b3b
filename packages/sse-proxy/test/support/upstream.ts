import { once } from 'node:events';
import net from 'node:net';
import { until } from './until.ts';

/** One connection to the raw upstream: the test writes every byte of the response. */
export interface UpstreamRequestSeen {
  readonly socket: net.Socket;
  /** Request line and header fields, a byte string, without the empty line. */
  readonly head: string;
  /** The request line. */
  readonly line: string;
  /** Header fields by lower-case name, byte strings. */
  readonly headers: Record<string, string>;
  /** Whether the proxy is gone. */
  readonly closed: () => boolean;
  /** Answers 200 text/event-stream with chunked coding; further header lines may be given. */
  begin(...headerLines: string[]): void;
  /** Sends one HTTP chunk. */
  send(bytes: string | Buffer): void;
  /** Ends the response as HTTP says. */
  end(): void;
  /** Sends raw bytes. */
  raw(bytes: string | Buffer): void;
  /** Breaks the connection with RST. */
  reset(): void;
}

export interface RawUpstream {
  readonly port: number;
  readonly url: string;
  /** Every request so far. */
  readonly requests: UpstreamRequestSeen[];
  /** Connections open now. */
  readonly open: () => number;
  /** Waits for the n-th request, from 0. */
  request(n?: number): Promise<UpstreamRequestSeen>;
  close(): Promise<void>;
}

/** A TCP server that reads a request's head, and leaves the response to the test. `answer` runs for each request. */
export async function rawUpstream(answer?: (request: UpstreamRequestSeen) => void): Promise<RawUpstream> {
  const requests: UpstreamRequestSeen[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let head = '';
    const read = (data: Buffer) => {
      head += data.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', read);
      socket.resume();
      const seen = see(socket, head.slice(0, end));
      requests.push(seen);
      answer?.(seen);
    };
    socket.on('data', read);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/logs/stream`,
    requests,
    open: () => sockets.size,
    request: (n = 0) => until(() => requests[n]),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function see(socket: net.Socket, head: string): UpstreamRequestSeen {
  const [line = '', ...fields] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const colon = field.indexOf(':');
    headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim();
  }
  const raw = (bytes: string | Buffer) => void socket.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  return {
    socket,
    head,
    line,
    headers,
    closed: () => socket.destroyed || socket.readableEnded,
    begin(...headerLines) {
      const lines = [
        'HTTP/1.1 200 OK',
        'Content-Type: text/event-stream',
        'Transfer-Encoding: chunked',
        ...headerLines,
      ];
      raw(`${lines.join('\r\n')}\r\n\r\n`);
    },
    send(bytes) {
      const body = Buffer.from(bytes as Buffer);
      raw(Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]));
    },
    end: () => raw('0\r\n\r\n'),
    raw,
    reset: () => void socket.resetAndDestroy(),
  };
}
