import net from 'node:net';
import { ResponseText } from './response-text.ts';
import { until } from './until.ts';

/** A browser's side of one connection, byte by byte. */
export interface RawBrowser {
  readonly socket: net.Socket;
  /** Everything received, raw, a byte string. */
  readonly wire: () => string;
  readonly status: () => number | undefined;
  /** Header fields by lower-case name. */
  readonly headers: () => Record<string, string>;
  /** The body so far as a byte string, chunked coding removed. */
  readonly body: () => string;
  /** Whether the body ended as HTTP says (last chunk, or Content-Length reached). */
  readonly complete: () => boolean;
  /** Whether the connection is over. */
  readonly closed: () => boolean;
  /** Waits for the header section. */
  opened(): Promise<RawBrowser>;
  /** Resolves with the body once it contains `text` (a byte string). */
  sees(text: string): Promise<string>;
  leave(): void;
}

/** Sends a GET as `EventSource` does, with `extra` header lines; `null` removes a field. */
export function browse(port: number, path = '/sse', extra: Record<string, string | null> = {}): RawBrowser {
  const fields: Record<string, string | null> = { Host: `127.0.0.1:${port}`, Accept: 'text/event-stream', ...extra };
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return browseRaw(port, `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
}

/** Sends exactly `request` (a byte string) and collects what comes. */
export function browseRaw(port: number, request: string): RawBrowser {
  const socket = net.connect(port, '127.0.0.1');
  const response = new ResponseText();
  let over = false;
  socket.on('data', (data: Buffer) => response.add(data));
  socket.on('error', () => {});
  socket.on('close', () => (over = true));
  socket.write(request, 'latin1');
  const wire = () => response.wire;
  const browser: RawBrowser = {
    socket,
    wire,
    status: () => {
      const line = response.head?.[0];
      return line === undefined ? undefined : Number(line.split(' ')[1]);
    },
    headers: () => response.headers,
    body: () => response.body,
    complete: () => response.complete,
    closed: () => over,
    opened: async () => {
      await until(() => response.head || over);
      return browser;
    },
    sees: async (text) => {
      await until(() => browser.body().includes(text) || over);
      if (!browser.body().includes(text)) throw new Error(`connection over without ${JSON.stringify(text)}: ${wire()}`);
      return browser.body();
    },
    leave: () => void socket.destroy(),
  };
  return browser;
}
