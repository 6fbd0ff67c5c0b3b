import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A log with the id that the upstream gives it; undefined: without an id. */
export interface MemoryLog {
  readonly id: string | undefined;
  readonly number: number;
}

/** Selects what a request gets that has this Last-Event-ID. */
export type Select = (logs: readonly MemoryLog[], lastEventId: string) => readonly MemoryLog[];

export interface MemoryUpstreamOptions {
  readonly select: Select;
  /** True if all logs are lost at a cut, as after a restart of a process that keeps them in memory. */
  readonly forgets?: boolean;
  /** True if a log contains the number of the connection on which it is sent. */
  readonly bytesDiffer?: boolean;
}

/** An upstream whose ids, and whose response to a Last-Event-ID, the test chooses. */
export class MemoryUpstream {
  /** Requests so far. */
  requests = 0;
  #logs: MemoryLog[] = [];
  readonly #options: MemoryUpstreamOptions;
  readonly #streams = new Set<ServerResponse>();
  readonly #server;

  private constructor(options: MemoryUpstreamOptions) {
    this.#options = options;
    this.#server = createServer((req, res) => {
      this.requests++;
      this.#streams.add(res);
      res.once('close', () => this.#streams.delete(res));
      res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      const id = req.headers['last-event-id'];
      if (id !== undefined) for (const log of options.select(this.#logs, String(id))) this.#send(res, log);
    });
  }

  static async start(options: MemoryUpstreamOptions): Promise<MemoryUpstream> {
    const upstream = new MemoryUpstream(options);
    upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Stores logs, and sends them to all open streams. */
  append(...logs: MemoryLog[]): void {
    this.#logs.push(...logs);
    for (const res of this.#streams) for (const log of logs) this.#send(res, log);
  }

  /** Breaks all streams. */
  cut(): void {
    for (const res of this.#streams) res.destroy();
    this.#streams.clear();
    if (this.#options.forgets) this.#logs = [];
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #send(res: ServerResponse, { id, number }: MemoryLog): void {
    const connection = this.#options.bytesDiffer ? this.requests : undefined;
    res.write(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify({ number, connection })}\n\n`);
  }
}
