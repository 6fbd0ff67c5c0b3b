import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type SseProxyHandler, type SseProxyOptions, sseProxy } from '@datashop/sse-proxy';
import express from 'express';

/** A browser's stream: what it has received so far. */
export interface Listener {
  readonly body: () => string;
  /** The ids of the events so far. */
  readonly ids: () => string[];
  readonly datas: () => string[];
  leave(): void;
}

/** Resolves as soon as `condition` is true; the test runner's time limit ends a wait for ever. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Starts servers and listeners, and ends all of them with `clean()`. */
export function stage() {
  const undo: (() => unknown)[] = [];

  const listen = async (handler: RequestListener): Promise<{ server: Server; origin: string }> => {
    const server = createServer(handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    undo.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };

  /** Serves the options at `/sse/:name`. */
  const serve = async (options: SseProxyOptions): Promise<{ proxy: SseProxyHandler; url: string }> => {
    const resume = { minDelayMs: 1, maxDelayMs: 5 };
    const proxy = sseProxy({ resume, retryMs: false, ...options });
    const app = express();
    app.get('/sse/:name', proxy);
    const { origin } = await listen(app);
    undo.push(() => proxy.close());
    return { proxy, url: `${origin}/sse/web` };
  };

  const visit = async (url: string, lastEventId?: string): Promise<Listener> => {
    const leaving = new AbortController();
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
    let text = '';
    const { body } = await fetch(url, { headers, signal: leaving.signal });
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const bytes of body as ReadableStream<Uint8Array>) text += decoder.decode(bytes, { stream: true });
    })();
    // Aborting the request at the test's end rejects it.
    reading.catch(() => {});
    undo.push(() => leaving.abort());
    const values = (name: string) =>
      [...text.matchAll(new RegExp(`^${name}: (.*)\n`, 'gm'))].map((match) => match[1] as string);
    return { body: () => text, ids: () => values('id'), datas: () => values('data'), leave: () => leaving.abort() };
  };

  return {
    listen,
    serve,
    visit,
    undo: (action: () => unknown) => void undo.push(action),
    async clean() {
      for (const action of undo.splice(0).reverse()) await action();
    },
  };
}
