import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';

/** An error whose message is sent to the browser. [spec] RFC 9457 */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
  }
}

export const notFound: RequestHandler = (_req, _res, next) => next(new Problem(404, 'There is nothing here.'));

/** Responds to every error that no other middleware handled. */
export const problems: ErrorRequestHandler = (error, _req, res, _next) => sendProblem(res, error);

/** Sends the status, and the message of a {@link Problem}. Messages of other errors and stacks are never sent. */
export function sendProblem(res: Response, error: unknown): void {
  if (res.headersSent) {
    // The headers are sent, so only a broken connection still tells the browser that the response is incomplete.
    res.destroy();
    return;
  }
  const status = statusOf(error);
  const detail = error instanceof Problem ? error.message : undefined;
  if (status >= 500 && !detail) console.error('bff:', error);
  if (status === 503) res.set('Retry-After', '5');
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail });
  res.status(status).type('application/problem+json').send(body);
}

/** Express and its parsers set a 4xx status on errors that the browser caused. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | undefined)?.status;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600 ? status : 500;
}
