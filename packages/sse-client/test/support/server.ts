import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.ts';

/** One request of the client, to which the test responds. */
export class Visit {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  isGone = false;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.req = req;
    this.res = res;
    res.on('close', () => {
      this.isGone = true;
    });
  }

  get lastEventId(): string | undefined {
    return this.req.headers['last-event-id'] as string | undefined;
  }

  /** Responds with an event stream. */
  open(text = '', headers: OutgoingHttpHeaders = {}): this {
    this.res.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    this.res.flushHeaders();
    return this.send(text);
  }

  send(bytes: string | Uint8Array): this {
    if (bytes.length > 0) this.res.write(bytes);
    return this;
  }

  answer(status: number, headers: OutgoingHttpHeaders = {}, body = ''): void {
    this.res.writeHead(status, headers).end(body);
  }

  /** Ends the response cleanly. */
  end(text?: string): void {
    this.res.end(text);
  }

  /** Destroys the connection. */
  cut(): void {
    this.res.socket?.destroy();
  }
}

/** A server whose responses the test writes. */
export class Server {
  readonly visits: Visit[] = [];
  #taken = 0;
  readonly #server = createServer((req, res) => {
    const visit = new Visit(req, res);
    this.visits.push(visit);
    this.onVisit?.(visit);
  });
  onVisit: ((visit: Visit) => void) | undefined;

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/stream`;
  }

  /** Waits for the next request. */
  async next(): Promise<Visit> {
    const visit = await until(() => this.visits[this.#taken]);
    this.#taken++;
    return visit;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
