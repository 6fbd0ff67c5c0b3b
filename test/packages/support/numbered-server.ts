import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Response } from 'express';

/** Time between two events, in ms. */
const EVENT_MS = 20;

/** Serves an app, and at `/events` an endless resumable stream of the numbers 1, 2, 3, … */
export interface NumberedServer {
  readonly url: string;
  /** Breaks every connection to `/events`. */
  cut(): void;
  untilNobodyListens(): Promise<void>;
  close(): Promise<void>;
}

export async function numberedServer(folder: string): Promise<NumberedServer> {
  const streams = new Map<Response, number>();
  let newest = 0;
  const send = (res: Response) => {
    for (let next = (streams.get(res) ?? newest) + 1; next <= newest; next += 1) {
      res.write(`id: ${next}\ndata: ${next}\n\n`);
    }
    streams.set(res, newest);
  };
  const app = express().use(express.static(folder));
  app.get('/events', (req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    // The id at the start makes a break before the first event resumable.
    res.write(`retry: 100\nid: ${newest}\n\n`);
    streams.set(res, Number(req.get('last-event-id') ?? newest));
    send(res);
    res.once('close', () => streams.delete(res));
  });
  const ticker = setInterval(() => {
    newest += 1;
    for (const res of streams.keys()) send(res);
  }, EVENT_MS);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    cut: () => {
      for (const res of streams.keys()) res.socket?.resetAndDestroy();
    },
    untilNobodyListens: async () => {
      for (const res of [...streams.keys()]) if (streams.has(res)) await once(res, 'close');
    },
    close: async () => {
      clearInterval(ticker);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
