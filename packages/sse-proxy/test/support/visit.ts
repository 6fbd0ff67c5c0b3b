import http from 'node:http';
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';

/** One request and its response, over any transport. */
export interface Visit {
  readonly status: () => number | undefined;
  readonly headers: () => Record<string, unknown>;
  readonly body: () => string;
  /** The response is over, complete or not. */
  readonly closed: () => boolean;
  /** The response ended as HTTP says. */
  readonly complete: () => boolean;
  /** Number of bytes received. */
  readonly received: () => number;
  /** Stops reading. */
  pause(): void;
  /** Reads one piece, then stops. */
  sip(): void;
  /** Closes the connection. */
  leave(): void;
}

export interface VisitOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Requests over a stream that `dial` connects. */
export function visitHttp1(dial: () => Duplex, options: VisitOptions = {}): Visit {
  const { method = 'GET', path = '/sse', headers = {}, body } = options;
  const socket = dial();
  socket.on('error', () => {});
  let response: http.IncomingMessage | undefined;
  let text = '';
  let closed = false;
  const request = http.request({
    createConnection: () => socket as never,
    method,
    path,
    headers: { host: '127.0.0.1', accept: 'text/event-stream', ...headers },
  });
  request.on('error', () => {
    closed = true;
  });
  request.on('response', (started) => {
    response = started;
    started.setEncoding('latin1');
    started.on('data', (data: string) => {
      text += data;
    });
    started.on('error', () => {});
    started.on('close', () => {
      closed = true;
    });
  });
  request.end(body);
  return {
    status: () => response?.statusCode,
    headers: () => response?.headers ?? {},
    body: () => text,
    closed: () => closed,
    complete: () => response?.complete ?? false,
    received: () => text.length,
    pause: () => void response?.pause(),
    sip: () => void response?.once('data', () => response?.pause()).resume(),
    leave: () => void socket.destroy(),
  };
}

/** Requests over an HTTP/2 session of its own. */
export function visitHttp2(url: string, options: VisitOptions = {}): Visit {
  const { method = 'GET', path = '/sse', headers = {}, body } = options;
  const session = http2.connect(url, { rejectUnauthorized: false });
  session.on('error', () => {});
  const stream = session.request({ ':method': method, ':path': path, accept: 'text/event-stream', ...headers });
  let response: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
  let text = '';
  let ended = false;
  let closed = false;
  stream.setEncoding('latin1');
  stream.on('response', (fields) => {
    response = fields;
  });
  stream.on('data', (data: string) => {
    text += data;
  });
  stream.on('end', () => {
    ended = true;
  });
  stream.on('error', () => {});
  stream.on('close', () => {
    closed = true;
  });
  stream.end(body);
  return {
    status: () => response[':status'],
    headers: () => response,
    body: () => text,
    closed: () => closed,
    complete: () => ended && stream.rstCode === 0,
    received: () => text.length,
    pause: () => void stream.pause(),
    sip: () => void stream.once('data', () => stream.pause()).resume(),
    leave: () => void session.destroy(),
  };
}
