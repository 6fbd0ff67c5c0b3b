import type { RequestHandler, Response } from 'express';

type Write = Response['write'];

/** What a middleware's own `res.write` returns instead of the real result. */
const results: Record<string, (real: boolean, res: Response) => unknown> = {
  nothing: () => undefined,
  true: () => true,
  promise: (real) => Promise.resolve(real),
  res: (_, res) => res,
};

/** The values of `?write=` that wrap `res.write`. */
export const wrappers = Object.keys(results);

let waiting = 0;
let handled = 0;

/** Numbers of requests that wait for their browser to leave, and of those that were handled after it had left. */
export const heldRequests = () => ({ waiting, handled });

/** In front of the proxy: `?write=true` wraps `res.write`; `?late=1` runs the proxy only when the browser has left. */
export const middleware: RequestHandler = (req, res, next) => {
  const result = results[String(req.query.write)];
  if (result) {
    const { write } = res;
    res.write = ((...args: Parameters<Write>) => result(write.apply(res, args), res)) as Write;
  }
  if (req.query.late === undefined) return next();
  waiting++;
  res.once('close', () => {
    next();
    waiting--;
    handled++;
  });
};
