import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspectableOf } from '../log-service/inspectable.ts';
import { checkOptions, hasMethods } from '../options.ts';
import type { AdminPage, AdminPageOptions } from '../types.ts';
import { script, styles } from './assets.ts';
import { renderPage } from './html.ts';
import { LiveViews } from './live-views.ts';
import { readView, type SortKey, sortKeys } from './view.ts';

/** The page needs no source but its own. This replaces the application's policy, which may allow less. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/**
 * A page for operators that shows the open streams and shared feeds of proxies and log services. Mount it with
 * `app.use`, behind the application's own authentication. It shows user keys, so only operators may see it. With
 * scripts it is updated over an event stream of its own; without scripts it reloads itself.
 *
 * @example
 * ```ts
 * const stream = sseProxy({ target });
 * app.get('/sse/logs/stream', stream);
 * app.use('/admin/streams', demandOperator, adminPage({ proxies: [stream] }));
 * ```
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION` if an option is unknown or wrong
 */
export function adminPage(options: AdminPageOptions): AdminPage {
  const optional = {
    logServices: isLogServices,
    redis: isRedis,
    title: isTitle,
    refreshMs: isRefresh,
    maxRows: isRows,
  };
  checkOptions('adminPage', options, { proxies: isProxies }, optional);
  const { proxies, logServices = [], redis = [], title = 'Event streams', refreshMs = 2_000, maxRows = 200 } = options;
  const shown = [...proxies, ...logServices.map(inspectableOf)];
  const views = new LiveViews(refreshMs);
  const isDraining = () => shown.some((one) => one.stats().draining);

  const handler = (req: IncomingMessage, res: ServerResponse): void => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.writeHead(405, { Allow: 'GET, HEAD', Connection: 'close' }).end();
      return;
    }
    const { path, base, sort } = locate(req);
    res.setHeader('Content-Security-Policy', policy);
    res.setHeader('X-Content-Type-Options', 'nosniff');
    const read = () => readView(shown, { sort, maxRows, hasUpstreams: proxies.length > 0, redis });
    const send = (type: string, body: string) => {
      res.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' });
      res.end(req.method === 'HEAD' ? undefined : body);
    };
    if (path === '/') send('text/html', renderPage(read(), { title, base, sort, refreshMs }));
    else if (path === '/page.css') send('text/css', styles);
    else if (path === '/live.js') send('text/javascript', script);
    else if (path === '/live' && req.method === 'GET') views.open(req, res, read, isDraining);
    else res.writeHead(404, { 'Content-Type': 'text/plain' }).end('There is nothing here.\n');
  };
  return Object.assign(handler, { close: () => views.close() });
}

/**
 * Path below the mount, the mount itself, and the column to sort by. Frameworks other than Express set no `baseUrl`.
 */
function locate(req: IncomingMessage): { path: string; base: string; sort: SortKey } {
  const { baseUrl } = req as { baseUrl?: unknown };
  const [path = '/', query = ''] = (req.url ?? '/').split('?', 2);
  const wanted = new URLSearchParams(query).get('sort') ?? '';
  const sort = Object.hasOwn(sortKeys, wanted) ? (wanted as SortKey) : 'since';
  return { path: path === '' ? '/' : path, base: typeof baseUrl === 'string' ? baseUrl : '', sort };
}

const isProxies = [
  'a list of what sseProxy or sseRouter returned',
  (value: unknown) => Array.isArray(value) && value.every((proxy) => hasMethods(proxy, 'stats', 'streams', 'feeds')),
] as const;
const isLogServices = [
  'a list of what logStreamRouter returned',
  (value: unknown) => Array.isArray(value) && value.every((router) => hasMethods(router, 'stats', 'streams')),
] as const;
const isRedis = [
  'a list of what redisFeeds and redisLimiter returned',
  (value: unknown) => Array.isArray(value) && value.every((part) => hasMethods(part, 'stats')),
] as const;
const isTitle = ['a string', (value: unknown) => typeof value === 'string'] as const;
const isRefresh = [
  'a number of milliseconds from 100 to 60,000',
  (value: unknown) => Number.isFinite(value) && (value as number) >= 100 && (value as number) <= 60_000,
] as const;
const isRows = [
  'a positive whole number',
  (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0,
] as const;
