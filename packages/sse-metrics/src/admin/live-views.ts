import type { IncomingMessage, ServerResponse } from 'node:http';

/** Most live views at once. A page without one shows what it showed when it was loaded. */
const maxViews = 20;
/** A view ends after this time; the browser reconnects, and the application's authentication decides again. */
const maxViewMs = 60_000;

/** Sends updates to every open page. */
export class LiveViews {
  readonly #refreshMs: number;
  readonly #ends = new Set<() => void>();

  constructor(refreshMs: number) {
    this.#refreshMs = refreshMs;
  }

  /** Sends `read()` as an event, now and every `refreshMs`, until the page is left or `isDraining()`. */
  open(req: IncomingMessage, res: ServerResponse, read: () => unknown, isDraining: () => boolean): void {
    // [spec] After a 204, EventSource does not reconnect.
    if (isDraining() || this.#ends.size >= maxViews)
      return void res.writeHead(204, { 'Cache-Control': 'no-store' }).end();
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    });
    const event = () => `data: ${JSON.stringify(read())}\n\n`;
    const send = () => {
      // A page that reads slowly misses some updates.
      if (res.writableLength === 0) res.write(event());
      if (isDraining()) end();
    };
    const end = () => {
      clearInterval(updates);
      clearTimeout(limit);
      this.#ends.delete(end);
      if (!res.writableEnded) res.end();
    };
    const updates = setInterval(send, this.#refreshMs).unref();
    const limit = setTimeout(end, maxViewMs).unref();
    this.#ends.add(end);
    res.on('close', end);
    res.on('error', () => {});
    res.write(`retry: ${this.#refreshMs}\n${event()}`);
    if (req.destroyed && res.destroyed) end();
  }

  close(): void {
    for (const end of [...this.#ends]) end();
  }
}
