import type { ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { upstreamLogsPath, workflows } from '../../../examples/datashop/src/demo.ts';

/** Path of the stored logs at the log service. */
export const logsPath = upstreamLogsPath(workflows.movies);
export const upstreamStreamPath = `${logsPath}/stream`;

/** A test's handler in front of the real one; undefined passes every request on. */
export type Gate = RequestHandler | undefined;

export function pass(gate: Gate, req: Request, res: Response, next: () => void): void {
  if (gate) gate(req, res, next);
  else next();
}

export function track(open: Set<ServerResponse>, res: ServerResponse): void {
  open.add(res);
  res.once('close', () => open.delete(res));
}

/** Applies a gate to stream requests only. */
export const streamsOnly =
  (gate: RequestHandler): RequestHandler =>
  (req, res, next) =>
    req.path === upstreamStreamPath ? gate(req, res, next) : next();

/** Applies a gate to pages of stored logs only. */
export const pagesOnly =
  (gate: RequestHandler): RequestHandler =>
  (req, res, next) =>
    req.path === logsPath ? gate(req, res, next) : next();
