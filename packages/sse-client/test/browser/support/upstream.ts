import type { IncomingMessage, ServerResponse } from 'node:http';

/** How requests are answered instead of by a stream. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/**
 * A source of numbered events, told by the test what to do. It keeps all that it ever sent, so that whoever comes back
 * with a Last-Event-ID gets what is after it.
 */
export class Upstream {
  /** Last-Event-ID of every request so far, '' without one. */
  readonly requests: string[] = [];
  /** What all requests get from now on; undefined for the stream. */
  answer: Answer | undefined;
  /** Sends events without ids, and has nothing to replay. */
  isWithoutIds = false;
  /** Writes neither events nor headers: it has fallen silent, and what it would have said is there for a resume. */
  isSilent = false;
  readonly #open = new Set<ServerResponse>();
  #sent = 0;
  #flow: NodeJS.Timeout | undefined;

  /** Streams open now. */
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

  /** Sends so many events, in one piece. */
  send(count = 1): void {
    let text = '';
    for (let n = 0; n < count; n++) text += this.#event(++this.#sent);
    this.write(text);
  }

  /** Sends these bytes to all who listen. */
  write(text: string): void {
    if (!this.isSilent) for (const res of this.#open) res.write(text);
  }

  /** One event every few milliseconds until the function given back is called. */
  flow(everyMs = 4): () => void {
    clearInterval(this.#flow);
    this.#flow = setInterval(() => this.send(), everyMs);
    return () => clearInterval(this.#flow);
  }

  /** Breaks all streams, in the middle of an event if `half`. */
  cut(half = ''): void {
    for (const res of this.#open) {
      if (half) res.write(half, () => res.destroy());
      else res.destroy();
    }
  }

  /** Ends all streams as HTTP says. */
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
