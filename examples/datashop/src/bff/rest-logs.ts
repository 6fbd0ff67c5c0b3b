import type { Request, RequestHandler, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { UPSTREAM_LOGS } from '../demo.ts';
import { Problem, sendProblem } from './problem.ts';

/** All that the log service has to know of the browser's request. Cookies are none of its business. */
const UP = new Set(['host', 'connection', 'accept', 'accept-encoding', 'accept-language']);
/** Last-Event-ID is where a stream goes on exactly after the newest log of this page. */
const DOWN = new Set(['content-type', 'content-length', 'content-encoding', 'cache-control', 'date', 'last-event-id']);

/** Plain proxying of one page of logs. */
export function restLogs(upstream: string, token: string): RequestHandler {
  const proxy = createProxyMiddleware<Request, Response>({
    target: upstream,
    changeOrigin: true,
    pathRewrite: (path) => `${UPSTREAM_LOGS}${query(path)}`,
    proxyTimeout: 10_000,
    // The plugins that come along answer errors in their own words, with the host name in them.
    ejectPlugins: true,
    plugins: [
      (server) => {
        server.on('proxyReq', (up) => {
          for (const name of up.getHeaderNames()) if (!UP.has(name)) up.removeHeader(name);
          up.setHeader('authorization', `Bearer ${token}`);
        });
        server.on('proxyRes', ({ headers }) => {
          for (const name of Object.keys(headers)) if (!DOWN.has(name)) delete headers[name];
        });
        server.on('error', (error, _req, res) => {
          console.error(
            `bff: the log service did not answer (${(error as NodeJS.ErrnoException).code ?? error.message})`,
          );
          sendProblem(res as Response, new Problem(502, 'The log service did not answer.'));
        });
      },
    ],
  });
  return (req, res, next) => void proxy(req, res, next);
}

function query(path: string): string {
  const start = path.indexOf('?');
  return start === -1 ? '' : path.slice(start);
}
