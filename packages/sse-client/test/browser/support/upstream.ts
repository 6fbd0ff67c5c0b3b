import type { IncomingMessage, ServerResponse } from 'node:http';

/** A response instead of a stream. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/**
 * A source of numbered events that the test controls. It keeps every event, and resumes after a Last-Event-ID.
 */
export class Upstream {
  /** Last-Event-ID of every request so far, '' without one. */
  readonly requests: string[] = [];
  /** The response to all requests from now on; undefined for the stream. */
  answer: Answer | undefined;
  /** Sends events without ids, and has nothing to replay. */
  isWithoutIds = false;
  /** While true it writes neither events nor headers; a resume gets the events. */
  isSilent = false;
  readonly #open = new Set<ServerResponse>();
  #sent = 0;
  #flow: NodeJS.Timeout | undefined;

  /** Number of open streams. */
  get open(): number {
    return this.#open.size;
  }

  /** Id of the newest event. */
  get sent(): number {
    return this.#sent;
  }

  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    const lastEventId = String(req.headers['last-event-id'] ?? '');
    this.requests.push(lastEventId);
    if (this.answer) {
      const { status, headers = {}, body = '' } = this.answer;
      res.writeHead(status, headers).end(body);
      return;
    }
    this.#open.add(res);
    res.on('close', () => this.#open.delete(res));
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    res.flushHeaders();
    if (this.isSilent || this.isWithoutIds || !lastEventId) return;
    let missed = '';
    for (let id = Number(lastEventId) + 1; id <= this.#sent; id++) missed += this.#event(id);
    if (missed) res.write(missed);
  };

  /** Sends `count` events in one chunk. */
  send(count = 1): void {
    let text = '';
    for (let n = 0; n < count; n++) text += this.#event(++this.#sent);
    this.write(text);
  }

  /** Sends these bytes over every open stream. */
  write(text: string): void {
    if (!this.isSilent) for (const res of this.#open) res.write(text);
  }

  /** Sends an event every few milliseconds until the returned function is called. */
  flow(everyMs = 4): () => void {
    clearInterval(this.#flow);
    this.#flow = setInterval(() => this.send(), everyMs);
    return () => clearInterval(this.#flow);
  }

  /** Breaks all streams; in the middle of an event if `half`. */
  cut(half = ''): void {
    for (const res of this.#open) {
      if (half) res.write(half, () => res.destroy());
      else res.destroy();
    }
  }

  /** Ends all streams cleanly. */
  end(): void {
    for (const res of this.#open) res.end();
  }

  close(): void {
    clearInterval(this.#flow);
    this.cut();
  }

  #event(id: number): string {
    return this.isWithoutIds ? `data: ${id}\n\n` : `id: ${id}\ndata: ${id}\n\n`;
  }
}
