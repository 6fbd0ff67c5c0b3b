import { type NextFunction, type Request, type Response, Router } from 'express';
import { LogStreamError, quote } from './errors.ts';
import { bearerCheck } from './http/bearer.ts';
import { openStream } from './http/open-stream.ts';
import { sendPage } from './http/page.ts';
import { sendProblem } from './http/problem.ts';
import { configOf } from './options.ts';
import { OpenStreams } from './stream/open-streams.ts';
import type { LogStore, LogStreamOptions, LogStreamRouter } from './types.ts';

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
  if (config.token === undefined) {
    process.emitWarning(
      'logStreamRouter option token: not set, so the service needs no token; `false` says so on purpose',
    );
  }
  const streams = new OpenStreams(config);
  const checkToken = bearerCheck(config.token);
  const router = Router();

  const route = (path: string, handle: (req: Request, res: Response) => Promise<void>, isPublic = false) =>
    router.all(path, async (req: Request, res: Response) => {
      try {
        // No route reads a body. What is left of one must not be taken for the next request.
        if (hasBody(req)) res.setHeader('Connection', 'close');
        if (!isPublic) checkToken(req, res);
        if (req.method !== 'GET' && req.method !== 'HEAD') {
          res.setHeader('Allow', 'GET, HEAD');
          throw new LogStreamError('ERR_LOG_STREAM_METHOD', `method: expected GET or HEAD, got ${quote(req.method)}`);
        }
        if (streams.closing) throw new LogStreamError('ERR_LOG_STREAM_CLOSING', 'The service is shutting down');
        await handle(req, res);
      } catch (error) {
        sendError(res, error, streams);
      }
    });

  route(`${workflow}/logs`, (req, res) => sendPage(config.store, req, res));
  route(`${workflow}/logs/stream`, (req, res) => openStream(config, streams, req, res));
  route('/logs/stream', (req, res) => openStream(config, streams, req, res));
  route('/healthz', (_req, res) => sendHealth(config.store, res), true);

  // Express rejects a path such as /workspace/%zz before any route runs.
  router.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (!(error instanceof URIError) || res.headersSent) next(error);
    else sendProblem(res, new LogStreamError('ERR_LOG_STREAM_PATH', 'path: expected valid percent-encoding'));
  });

  return Object.assign(router, {
    close: ({ graceMs = 1_000 } = {}) => streams.close(graceMs),
    stats: () => streams.stats(),
  });
}

function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}

/** Healthy means that the store can be read. The response contains nothing else. */
async function sendHealth(store: LogStore, res: Response): Promise<void> {
  await store.bounds();
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.end('{"status":"ok"}');
}

/** Sends our own errors as they are; everything else is a failure of the store, reported to `onError`. */
function sendError(res: Response, error: unknown, streams: OpenStreams): void {
  const known = error instanceof LogStreamError;
  if (!known) streams.report(error);
  if (res.headersSent) res.destroy();
  else sendProblem(res, known ? error : new LogStreamError('ERR_LOG_STREAM_STORE', 'The log store can not be read'));
}
