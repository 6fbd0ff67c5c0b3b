import { type NextFunction, type Request, type Response, Router } from 'express';
import { bearerCheck } from './auth.ts';
import { configOf } from './options.ts';
import { Problem, quote, sendProblem } from './problem.ts';
import { sendPage } from './rest.ts';
import { openStream } from './stream.ts';
import { Streams } from './streams.ts';
import type { LogStreamOptions, LogStreamRouter } from './types.ts';

const WORKFLOW = '/wfm/workflow/workspace/:workspaceId/workflow/:workflowId';

/**
 * Makes an Express router that serves the logs of a store: pages over REST, and resumable event streams.
 *
 * @example
 * const store = new SqliteLogStore({ path: 'logs.db' });
 * const logs = logStreamRouter({ store, token: 'secret' });
 * express().use(logs).listen(4000);
 * // later: await logs.close(); await store.close();
 *
 * @throws TypeError for a bad option, naming it, what was expected and what arrived
 */
export function logStreamRouter(options: LogStreamOptions): LogStreamRouter {
  const config = configOf(options);
  const streams = new Streams(config);
  const checkToken = bearerCheck(config.token);
  const router = Router();

  const route = (path: string, handle: (req: Request, res: Response) => Promise<void>, open = false) =>
    router.all(path, async (req: Request, res: Response) => {
      try {
        if (!open) checkToken(req, res);
        if (req.method !== 'GET' && req.method !== 'HEAD') {
          res.setHeader('Allow', 'GET, HEAD');
          throw new Problem('method_not_allowed', `method: expected GET or HEAD, got ${quote(req.method)}`);
        }
        if (streams.closing) throw new Problem('closing', 'This service is shutting down');
        await handle(req, res);
      } catch (error) {
        answer(res, error, streams);
      }
    });

  route(`${WORKFLOW}/logs`, (req, res) => sendPage(config.store, req, res));
  route(`${WORKFLOW}/logs/stream`, (req, res) => openStream(config, streams, req, res));
  route('/logs/stream', (req, res) => openStream(config, streams, req, res));
  route('/healthz', (_req, res) => sendHealth(config.store, res), true);

  // Express gives up on a path like /workspace/%zz before any route sees it.
  router.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (!(error instanceof URIError) || res.headersSent) next(error);
    else sendProblem(res, new Problem('invalid_path', 'path: expected valid percent-encoding'));
  });

  return Object.assign(router, {
    close: ({ graceMs = 1_000 } = {}) => streams.close(graceMs),
    stats: () => streams.stats(),
  });
}

// The store is asked, since a service that can't read its logs is not healthy. Nobody learns more than that.
async function sendHealth(store: LogStreamOptions['store'], res: Response): Promise<void> {
  await store.bounds();
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.end('{"status":"ok"}');
}

function answer(res: Response, error: unknown, streams: Streams): void {
  const problem = error instanceof Problem ? error : new Problem('store_unavailable', 'The log store can not be read');
  if (problem !== error) streams.report(error);
  if (res.headersSent) res.destroy();
  else sendProblem(res, problem);
}
