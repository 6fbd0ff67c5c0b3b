import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';

/** An error whose text may be shown to the browser. [spec] RFC 9457 */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
  }
}

export const notFound: RequestHandler = (_req, _res, next) => next(new Problem(404, 'There is nothing here.'));

/** Answers every error that nobody else answered. */
export const problems: ErrorRequestHandler = (error, _req, res, _next) => sendProblem(res, error);

/** Says what happened by status; details only where we wrote them, never a stack. */
export function sendProblem(res: Response, error: unknown): void {
  if (res.headersSent) {
    // Cutting the answer is all that can still tell the browser that it is not whole.
    res.destroy();
    return;
  }
  const status = statusOf(error);
  const detail = error instanceof Problem ? error.message : undefined;
  // A Problem is known to who made it; anything else is a surprise.
  if (status >= 500 && !detail) console.error('bff:', error);
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail });
  res.status(status).type('application/problem+json').send(body);
}

/** Express and its parsers put a 4xx on errors that are the browser's doing. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | undefined)?.status;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600 ? status : 500;
}
