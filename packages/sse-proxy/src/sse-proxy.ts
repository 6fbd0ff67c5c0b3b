import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import { isGone, isPipelined } from './browser/connection.ts';
import { refuse } from './browser/refusal.ts';
import { sendHead } from './browser/stream-headers.ts';
import { readOptions } from './config/options.ts';
import { SseProxyError } from './errors.ts';
import { notify } from './hooks/observers.ts';
import { StreamEnded } from './lifecycle/lifetime.ts';
import { authorize, checkRequest, demandAllowed } from './request/admission.ts';
import { allowCrossOrigin } from './request/cross-origin.ts';
import { readLastEventId } from './request/last-event-id.ts';
import { acquirePermit } from './request/permit.ts';
import { ProxyContext } from './session/proxy-context.ts';
import { StreamIdentity } from './session/stream-identity.ts';
import { StreamSession } from './session/stream-session.ts';
import { subscribe } from './session/subscribe.ts';
import type { CloseOptions, SseProxyHandler, SseProxyOptions } from './types.ts';

/**
 * Express middleware that serves an upstream's event stream from your own origin. Any framework that passes Node's own
 * `req` and `res` can call it too.
 *
 * @example
 * ```ts
 * import express from 'express';
 * import { sseProxy } from '@datashop/sse-proxy';
 *
 * const app = express();
 * app.get('/sse/logs/stream', sseProxy({ target: 'https://logs.internal/logs/stream' }));
 * app.listen(3000);
 * ```
 * @throws SseProxyError `ERR_SSE_OPTION` if an option is unknown or wrong
 */
export function sseProxy(options: SseProxyOptions): SseProxyHandler {
  const context = new ProxyContext(readOptions(options));
  // Another framework's objects lack Express' additions, so every use of an addition checks that it exists.
  const handler = (req: IncomingMessage, res: ServerResponse): void => {
    void serve(context, req as Request, res as Response);
  };
  return Object.assign(handler, {
    close: (closeOptions?: CloseOptions) => context.close(closeOptions),
    stats: () => context.stats(),
    streams: () => context.streams(),
    feeds: () => context.feeds(),
  });
}

/** request → admission → target → feed → response; a failure on the way refuses this one request. */
async function serve(context: ProxyContext, req: Request, res: Response): Promise<void> {
  const { config, turnLimiter } = context;
  // The 'close' of such a response was emitted before or never will be, so nothing would release what a stream
  // acquires.
  if (isGone(req, res)) return;
  if (isPipelined(res)) return refusePipelined(context, req, res);
  const stream = new StreamSession(context, req, res);
  const { lifetime } = stream;
  try {
    if (res.headersSent) throw new SseProxyError('ERR_SSE_INTERNAL', { message: 'the response has begun already' });
    if (allowCrossOrigin(req, res, config)) return;
    if (context.draining) throw new SseProxyError('ERR_SSE_DRAINING');
    checkRequest(req, config);
    const cursor = readLastEventId(req);
    stream.identity.resumed = cursor.id !== '' || cursor.unusable;
    stream.hasUnusableId = cursor.unusable;
    stream.lastEventId = cursor.id;
    await turnLimiter.begin();
    if (lifetime.ended) throw new StreamEnded();
    const { turn } = turnLimiter;
    const authorization = await authorize(req, config, lifetime);
    stream.identity.authorizedAs(authorization);
    demandAllowed(authorization);
    if (req.method === 'HEAD') {
      return sendHead(req, res);
    }
    await acquirePermit(req, authorization.key, config, lifetime, (permit) => stream.holdings.addPermit(permit));
    const subscription = await subscribe(context, stream, cursor.id);
    stream.holdings.addSubscription(subscription);
    const headers = await lifetime.race(subscription.ready);
    // Otherwise all streams that waited for the same upstream would continue in one turn.
    if (turnLimiter.turn !== turn) await turnLimiter.begin();
    // If close() was called in the meantime, refuse() below still sends the browser its refusal.
    if (lifetime.ended) throw new StreamEnded();
    stream.open(headers);
  } catch (error) {
    stream.refuse(error);
  }
}

/** Refuses without a {@link StreamSession}: the 'close' of this response may never be emitted. */
function refusePipelined(context: ProxyContext, req: Request, res: Response): void {
  const { config, counters, draining, warnings } = context;
  const error = new SseProxyError('ERR_SSE_PIPELINED');
  const { info: stream, route } = new StreamIdentity(req, config.name);
  counters.refused++;
  warnings?.report(route, 'refused a stream', error);
  notify(config.observers, 'onError', { stream, error });
  const refusal = refuse(req, res, error, { mode: config.refuse, isDraining: draining });
  notify(config.observers, 'onRefuse', { stream, error, ...refusal });
}
