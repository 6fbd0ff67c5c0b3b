import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { LogStreamError, quote } from '../errors.ts';
import type { LogStreamConfig } from '../options.ts';
import type { OpenStreams } from '../stream/open-streams.ts';
import { authorized } from './authorize.ts';
import { bearerCheck } from './bearer.ts';
import { LogRequest } from './log-request.ts';
import type { Notify } from './observe.ts';
import { sendProblem } from './problem.ts';

/** Responds to an admitted request. An error that it throws is sent as problem+json. */
export type Handle = (request: LogRequest, res: Response) => Promise<void>;

/** What the routes of one router share. */
export interface Service {
  readonly config: LogStreamConfig;
  readonly streams: OpenStreams;
  readonly notify: Notify;
}

/**
 * Creates the admission of pages and streams: bearer token, method, shutdown, `authorize`, in this order. Both kinds of
 * routes use it, so that neither has a weaker check.
 */
export function protectedRoutes({
  config,
  streams,
  notify,
}: Service): (template: string, handle: Handle) => RequestHandler {
  const checkToken = bearerCheck(config.token);
  return (template, handle) => async (req, res) => {
    const request = new LogRequest(req, template);
    try {
      refuseBody(req, res);
      checkToken(req);
      checkMethod(req, res);
      if (streams.closing) throw new LogStreamError('ERR_LOG_STREAM_CLOSING', 'The service is shutting down');
      await authorized(config.authorize, req, request.scope, (key) => {
        request.key = key;
      });
      await handle(request, res);
    } catch (error) {
      // The client has left: no response can be sent, and its abort is no failure.
      if (res.destroyed) return;
      const known = asKnown(error, streams);
      sendError(res, known);
      streams.counters.refused++;
      notify('onRefuse', { stream: request.info, error: known, status: known.status });
    }
  };
}

/** Creates a route that needs neither token nor authorization, such as a probe. */
export function publicRoute({ streams }: Service, handle: (res: Response) => Promise<void>): RequestHandler {
  return async (req, res) => {
    try {
      refuseBody(req, res);
      checkMethod(req, res);
      await handle(res);
    } catch (error) {
      sendError(res, asKnown(error, streams));
    }
  };
}

/** Handles a path such as /workspace/%zz, which Express rejects before any route runs. */
export function badPath(error: unknown, _req: Request, res: Response, next: NextFunction): void {
  if (!(error instanceof URIError) || res.headersSent) next(error);
  else sendProblem(res, new LogStreamError('ERR_LOG_STREAM_PATH', 'path: expected valid percent-encoding'));
}

/**
 * No route reads a body. Closes the connection after a request that has one, so that its rest is not parsed as the next
 * request.
 */
function refuseBody({ headers }: Request, res: Response): void {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
  if (hasBody) res.setHeader('Connection', 'close');
}

function checkMethod({ method }: Request, res: Response): void {
  if (method === 'GET' || method === 'HEAD') return;
  res.setHeader('Allow', 'GET, HEAD');
  throw new LogStreamError('ERR_LOG_STREAM_METHOD', `method: expected GET or HEAD, got ${quote(method)}`);
}

/**
 * Our own errors stay as they are. Everything else is a failure of the store, and is reported to `onError`, like hooks'
 * failures.
 */
function asKnown(error: unknown, streams: OpenStreams): LogStreamError {
  const isKnown = error instanceof LogStreamError;
  if (!isKnown) streams.reportStoreError(error);
  else if (error.code === 'ERR_LOG_STREAM_HOOK') streams.report(error);
  return isKnown ? error : new LogStreamError('ERR_LOG_STREAM_STORE', 'The log store cannot be read');
}

function sendError(res: Response, error: LogStreamError): void {
  if (res.headersSent) res.destroy();
  else sendProblem(res, error);
}
