import type { RequestHandler } from 'express';
import { Problem } from './problem.ts';

/**
 * Admits GET and HEAD without a body; everything else gets 405 or 400.
 *
 * Put it in front of every route that passes a request on with other headers. Content-Length and Transfer-Encoding are
 * not among the headers that go up, so the upstream would read a body as the next request on that connection, under
 * this server's own bearer token: request smuggling. `docs/threat-model.md` explains the attack.
 */
export const onlyGet: RequestHandler = (req, res, next) => {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.set('Allow', 'GET, HEAD');
    // The body of this request, if any, is not read.
    res.set('Connection', 'close');
    return next(new Problem(405, 'Expected GET or HEAD.'));
  }
  const { 'content-length': length = '0', 'transfer-encoding': coding } = req.headers;
  if (coding === undefined && Number(length) === 0) return next();
  res.set('Connection', 'close');
  next(new Problem(400, 'Expected a request without a body.'));
};
