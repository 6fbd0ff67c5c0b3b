import { Router } from 'express';
import { sendHealth, sendReadiness } from './http/health.ts';
import { notifierOf } from './http/observe.ts';
import { streamOpener } from './http/open-stream.ts';
import { pageSender } from './http/page.ts';
import { PageSlots } from './http/page-slots.ts';
import { badPath, protectedRoutes, publicRoute, type Service } from './http/route.ts';
import { volumeSender } from './http/volume.ts';
import { configOf } from './options.ts';
import { OpenStreams } from './stream/open-streams.ts';
import type { LogStreamOptions, LogStreamRouter } from './types.ts';

const workflow = '/wfm/workflow/workspace/:workspaceId/workflow/:workflowId';

/**
 * Creates an Express router that serves the logs of a store: pages over REST, and resumable event streams.
 *
 * @example
 * const store = new SqliteLogStore({ path: 'logs.db' });
 * const logs = logStreamRouter({ store, token: 'secret' });
 * express().use(logs).listen(4000);
 * // later: await logs.close(); await store.close();
 *
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` naming the option, what was expected and what arrived
 */
export function logStreamRouter(options: LogStreamOptions): LogStreamRouter {
  const config = configOf(options);
  const { store, token, stream, demoRoute } = config;
  if (token === undefined) {
    process.emitWarning(
      'logStreamRouter option token: not set, so every client may read all logs; set it to false if that is intended',
    );
  }
  const notify = notifierOf(config.observers);
  const streams = new OpenStreams(config, (logs, oldestAgeMs) => notify('onArrive', { logs, oldestAgeMs }));
  const service: Service = { config, streams, notify };
  const protect = protectedRoutes(service);
  const openStream = streamOpener(service);
  // Strict, so that a gateway that allows paths by their text and this router agree about what a path names.
  const router = Router({ caseSensitive: true, strict: true });

  const slots = new PageSlots(config.limits.pages);
  const pageRoutes = [
    [`${workflow}/logs`, pageSender(service, slots)],
    [`${workflow}/logs/volume`, volumeSender(service, slots)],
  ] as const;
  for (const [route, send] of pageRoutes) router.all(route, protect(route, send));
  const streamRoutes = stream ? [`${workflow}/logs/stream`, ...(demoRoute ? ['/logs/stream'] : [])] : [];
  for (const route of streamRoutes) router.all(route, protect(route, openStream));
  router.all(
    '/healthz',
    publicRoute(service, (res) => sendHealth(store, res)),
  );
  router.all(
    '/readyz',
    publicRoute(service, (res) => sendReadiness(store, streams.closing, res)),
  );
  router.use(badPath);

  const inspect = { stats: () => streams.stats(), streams: () => streams.streams() };
  const rules = ['total', 'pages', ...config.limits.rules.map(({ name }) => name)];
  service.notify('onAttach', { routes: [...pageRoutes.map(([route]) => route), ...streamRoutes], rules, ...inspect });
  return Object.assign(router, {
    ...inspect,
    close: ({ graceMs = 1_000 } = {}) => streams.close(graceMs),
  });
}
