import { type Duplex, Stream } from 'node:stream';
import type { Request, RequestHandler, Response } from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { upstreamLogsPath } from '../demo.ts';
import { Problem, sendProblem } from './problem.ts';
import { requestedWorkflow } from './requested-workflow.ts';

/** The browser's headers that go up. Not among them: Cookie, and everything that frames a body or names a hop. */
const requestHeaders = ['host', 'accept', 'accept-encoding', 'accept-language'];
/**
 * The log service's headers that come down. `Last-Event-ID` is where a stream continues after the newest log of the
 * page.
 */
const responseHeaders = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'cache-control',
  'date',
  'last-event-id',
  'retry-after',
]);

/** A 401 or 403 would tell the page that the user's session has ended; the log service knows only the BFF's token. */
const refusedToken = new Problem(502, 'The log service refused the request.');

/** Stands in for the request as the source of the body, so that no byte of a request's body is forwarded. */
const noBody = Object.assign(new Stream(), {
  pipe<T>(up: T): T {
    (up as Duplex).end();
    return up;
  },
});

/**
 * Passes a page of a workflow's logs on, if the user may read it. Must stand behind `onlyGet` and `demandSession`.
 *
 * @param upstream origin of the log service
 * @param token bearer token that the log service expects
 * @param route what follows the path of the workflow's logs there
 */
export function restLogs(upstream: string, token: string, route = ''): RequestHandler {
  const proxy = createProxyMiddleware<Request, Response>({
    target: upstream,
    changeOrigin: true,
    proxyTimeout: 10_000,
    buffer: noBody,
    // The library's own plugins send error texts that contain the upstream's host name.
    ejectPlugins: true,
    plugins: [
      (server) => {
        server.on('proxyRes', (response, _req, res) => {
          const { headers, statusCode } = response;
          if (statusCode === 401 || statusCode === 403) {
            // The library pipes the body although the response has been sent.
            response.pipe = (to) => to;
            response.resume();
            console.error(`bff: the log service refused the token (${statusCode})`);
            return sendProblem(res as Response, refusedToken);
          }
          for (const name of Object.keys(headers)) if (!responseHeaders.has(name)) delete headers[name];
          headers.connection = (res as Response).shouldKeepAlive ? 'keep-alive' : 'close';
        });
        server.on('error', (error, _req, res) => {
          // Not the message, which may quote bytes of the response.
          const reason = (error as NodeJS.ErrnoException).code ?? error.name;
          console.error(`bff: the request to the log service failed (${reason})`);
          sendProblem(res as Response, new Problem(502, 'The log service did not answer.'));
        });
      },
    ],
  });
  return (req, res, next) => {
    const { user } = req.session;
    const workflow = requestedWorkflow(req, user);
    if (!workflow || user === undefined) return next(new Problem(403, 'You may not read the logs of this workflow.'));
    req.url = `${upstreamLogsPath(workflow)}${route}${query(req.url)}`;
    // Before the proxy sees the request: its `proxyReq` event comes after the body's pipe, and not at all with
    // `Expect`.
    const kept = requestHeaders.flatMap((name) => (req.headers[name] === undefined ? [] : [[name, req.headers[name]]]));
    req.headers = { ...Object.fromEntries(kept), authorization: `Bearer ${token}`, 'x-user-id': user };
    proxy(req, res, next).catch(next);
  };
}

function query(path: string): string {
  const start = path.indexOf('?');
  return start === -1 ? '' : path.slice(start);
}
