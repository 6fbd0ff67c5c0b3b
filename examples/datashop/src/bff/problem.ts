import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';

/** An error whose text may be shown to the browser. [spec] RFC 9457 */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'Problem';
    this.status = status;
  }
}

export const notFound: RequestHandler = (_req, _res, next) => next(new Problem(404, 'There is nothing here.'));

/** Says what happened by status; details only where we wrote them, never a stack. */
export const problems: ErrorRequestHandler = (error, _req, res, next) => {
  // The answer has begun: only cutting it can still tell the browser that it is not whole.
  if (res.headersSent) return next(error);
  const status = statusOf(error);
  if (status >= 500) console.error('bff:', error instanceof Problem ? (error.cause ?? error) : error);
  res
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: 'about:blank',
        title: STATUS_CODES[status],
        status,
        ...(error instanceof Problem ? { detail: error.message } : {}),
      }),
    );
};

/** Express and its parsers put a 4xx on errors that are the browser's doing. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | undefined)?.status;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600 ? status : 500;
}
