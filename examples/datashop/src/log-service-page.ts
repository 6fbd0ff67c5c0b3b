import type { LogStreamRouter } from '@datashop/log-stream';
import { type AdminPage, adminPage } from '@datashop/sse-metrics';
import type { Express } from 'express';

const ownHost = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Adds `/streams` to the port of the log service's metrics: a page of its open streams. It shows users, so it is for
 * operators on this machine only. Another Host header is refused: a page of another site can point its own name to this
 * address (DNS rebinding).
 */
export function addStreamsPage(metricsApp: Express, router: LogStreamRouter): AdminPage {
  const page = adminPage({ proxies: [], logServices: [router], title: 'Log service streams' });
  metricsApp.use('/streams', (req, res, next) => {
    if (ownHost.test(req.headers.host ?? '')) next();
    else res.status(421).type('text/plain').send('This server is not configured for this name.\n');
  });
  metricsApp.use('/streams', page);
  return page;
}
