import net from 'node:net';
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
  /** Waits until the body contains `text` (a byte string); gives the body. */
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
  const parts: Buffer[] = [];
  let over = false;
  socket.on('data', (data: Buffer) => parts.push(data));
  socket.on('error', () => {});
  socket.on('close', () => (over = true));
  socket.write(request, 'latin1');
  const wire = () => Buffer.concat(parts).toString('latin1');
  const split = () => {
    const text = wire();
    const end = text.indexOf('\r\n\r\n');
    return end === -1 ? undefined : { head: text.slice(0, end).split('\r\n'), rest: text.slice(end + 4) };
  };
  const browser: RawBrowser = {
    socket,
    wire,
    status: () => {
      const line = split()?.head[0];
      return line === undefined ? undefined : Number(line.split(' ')[1]);
    },
    headers: () =>
      Object.fromEntries(
        (split()?.head.slice(1) ?? []).map((field) => {
          const colon = field.indexOf(':');
          return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
        }),
      ),
    body: () => decode(split()?.rest ?? '', browser.headers()).body,
    complete: () => decode(split()?.rest ?? '', browser.headers()).complete,
    closed: () => over,
    opened: async () => {
      await until(() => split() || over);
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

function decode(rest: string, headers: Record<string, string>): { body: string; complete: boolean } {
  if (headers['transfer-encoding'] !== 'chunked') {
    const length = Number(headers['content-length'] ?? Number.NaN);
    return { body: rest, complete: rest.length >= length };
  }
  let body = '';
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd === -1) return { body, complete: false };
    const size = Number.parseInt(rest.slice(at, lineEnd), 16);
    if (size === 0) return { body, complete: true };
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
    if (at > rest.length) return { body, complete: false };
  }
}
