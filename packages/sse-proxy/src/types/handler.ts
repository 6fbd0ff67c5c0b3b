import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler, Router } from 'express';
import type { Inspectable } from './stats.ts';

/** Options of `close()`. */
export interface CloseOptions {
  /**
   * Streams are ended at random moments within this time, in milliseconds, so that browsers don't all reconnect at the
   * same moment.
   * @defaultValue 0
   */
  graceMs?: number;
}

interface Closable extends Inspectable {
  /**
   * Refuses new streams softly, ends the open ones within `graceMs`, and resolves when all of them and all upstream
   * connections are closed, at most a second later. Rejects with `ERR_SSE_OPTION` for a wrong `graceMs`, and then
   * closes nothing. A second call waits for the same end.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** A handler as `http.createServer` accepts it. */
type NodeHandler = (req: IncomingMessage, res: ServerResponse) => void;

/** Returned by {@link sseProxy}: a handler for Express, and for whatever passes Node's own objects. */
export type SseProxyHandler = RequestHandler & NodeHandler & Closable;

/** Returned by {@link sseRouter}; its `stats()` are the sums over its routes. */
export type SseProxyRouter = Router & Closable;
