import express from 'express';
import { isRecord, refuseOption } from './config/rule.ts';
import { SseProxyError, show } from './errors.ts';
import { sseProxy } from './sse-proxy.ts';
import type { CloseOptions, SseProxyOptions, SseProxyRouter, SseProxyStats } from './types.ts';

/**
 * Several proxied routes from one table, with one `close()`.
 *
 * @param routes path → options; a path may have parameters, which `target` may use
 * @param defaults options for every route that does not say otherwise itself
 * @example
 * ```ts
 * app.use(sseRouter({
 *   '/sse/logs/:workflowId/stream': { target: 'https://logs.internal/workflow/:workflowId/logs/stream' },
 * }, { authorize: (req) => Boolean(req.session.user) }));
 * ```
 * @throws SseProxyError `ERR_SSE_OPTION` if an option of any route is unknown or wrong
 */
export function sseRouter(
  routes: Record<string, Partial<SseProxyOptions>>,
  defaults: Partial<SseProxyOptions> = {},
): SseProxyRouter {
  if (!isRecord(routes) || Object.keys(routes).length === 0) {
    refuseOption('routes', "an object such as { '/sse/logs/stream': { target } }", routes);
  }
  const router = express.Router();
  const handlers = Object.entries(routes).map(([path, options]) => {
    if (!path.startsWith('/')) refuseOption('routes', "paths that start with '/'", path);
    if (!isRecord(options)) refuseOption(`routes['${path}']`, 'an object with options', options);
    // What is missing after the merge, target above all, is reported by sseProxy.
    const handler = ofRoute(path, () => sseProxy({ ...defaults, ...options } as SseProxyOptions));
    router.all(path, handler);
    return handler;
  });
  return Object.assign(router, {
    async close(options?: CloseOptions): Promise<void> {
      await Promise.all(handlers.map((handler) => handler.close(options)));
    },
    stats: () => handlers.map((handler) => handler.stats()).reduce(sum),
    streams: () => handlers.flatMap((handler) => handler.streams()),
  });
}

/** Puts the route into the message of an option's error. */
function ofRoute<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof SseProxyError) error.message += ` (route ${show(path)})`;
    throw error;
  }
}

function sum(left: SseProxyStats, right: SseProxyStats): SseProxyStats {
  return {
    open: left.open + right.open,
    opening: left.opening + right.opening,
    opened: left.opened + right.opened,
    refused: left.refused + right.refused,
    evicted: left.evicted + right.evicted,
    events: left.events + right.events,
    bytes: left.bytes + right.bytes,
    bufferedBytes: left.bufferedBytes + right.bufferedBytes,
    upstreamConnections: left.upstreamConnections + right.upstreamConnections,
    sharedFeeds: left.sharedFeeds + right.sharedFeeds,
    oldestMs: Math.max(left.oldestMs, right.oldestMs),
    draining: left.draining || right.draining,
  };
}
