import type { RequestHandler, Router } from 'express';
import { targetOptions } from './config/option-table.ts';
import { isRecord, optionError, refuseOption } from './config/rule.ts';
import { SseProxyError, show } from './errors.ts';
import { loadExpress } from './load-express.ts';
import { sseProxy } from './sse-proxy.ts';
import type { CloseOptions, SseProxyOptions, SseProxyRouter, SseProxyStats } from './types.ts';

/**
 * An Express router for several proxied routes, with one `close()`, one `stats()` and one `streams()`. It responds to
 * every method on its paths: to preflights of `allowOrigins` with 204, to methods other than GET and HEAD with 405.
 * Limits count per route. Defaults that only a `target` uses don't apply to a route with a `source`.
 *
 * @param routes path → options; a path may have parameters, which `target` may use
 * @param defaults options of every route that does not set them itself
 * @example
 * ```ts
 * app.use(sseRouter({
 *   '/sse/logs/:workflowId/stream': { target: 'https://logs.internal/workflow/:workflowId/logs/stream' },
 * }, { authorize: (req) => Boolean(req.session.user) }));
 * ```
 * @throws SseProxyError `ERR_SSE_OPTION` if an option of any route is unknown or wrong, or Express is not installed
 */
export function sseRouter(
  routes: Record<string, Partial<SseProxyOptions>>,
  defaults: Partial<SseProxyOptions> = {},
): SseProxyRouter {
  if (!isRecord(routes) || Object.keys(routes).length === 0) {
    refuseOption('routes', "an object such as { '/sse/logs/stream': { target } }", routes);
  }
  if (!isRecord(defaults)) refuseOption('defaults', 'an object with options', defaults);
  const router = loadExpress().Router();
  const handlers = Object.entries(routes).map(([path, options]) => {
    if (!path.startsWith('/')) refuseOption('routes', "paths that start with '/'", path);
    if (!isRecord(options)) refuseOption(`routes[${show(path)}]`, 'an object with options', options);
    // sseProxy reports what is missing after the merge, such as the target.
    const handler = ofRoute(path, () => sseProxy(merge(defaults, setMembers(options))));
    mount(router, path, handler);
    return handler;
  });
  return Object.assign(router, {
    async close(options?: CloseOptions): Promise<void> {
      await Promise.all(handlers.map((handler) => handler.close(options)));
    },
    stats: () => handlers.map((handler) => handler.stats()).reduce(sum),
    streams: () => handlers.flatMap((handler) => handler.streams()),
    feeds: () => handlers.flatMap((handler) => handler.feeds()),
  });
}

/**
 * @throws SseProxyError `ERR_SSE_OPTION` for a path that Express can't parse; Express 4 and 5 differ in their syntax
 */
function mount(router: Router, path: string, handler: RequestHandler): void {
  try {
    router.all(path, handler);
  } catch (cause) {
    throw optionError('routes', 'a path that Express accepts', show(path), cause);
  }
}

/** A route's own `source` excludes the defaults that only a `target` uses, and its own `target` a default `source`. */
function merge(defaults: Partial<SseProxyOptions>, options: Partial<SseProxyOptions>): SseProxyOptions {
  const unused: readonly string[] = options.source ? targetOptions : options.target ? ['source'] : [];
  const used = Object.entries(defaults).filter(([name]) => !unused.includes(name));
  return { ...Object.fromEntries(used), ...options };
}

/** The members that are set. `undefined` means "left out": the default applies. */
function setMembers(options: Partial<SseProxyOptions>): Partial<SseProxyOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Adds the route to the message of an option's error. */
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
    replayBytes: left.replayBytes + right.replayBytes,
    outageMs: Math.max(left.outageMs, right.outageMs),
    oldestMs: Math.max(left.oldestMs, right.oldestMs),
    draining: left.draining || right.draining,
  };
}
