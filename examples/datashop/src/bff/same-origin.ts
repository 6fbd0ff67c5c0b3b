import type { Request, RequestHandler } from 'express';
import { Problem } from './problem.ts';

/** Lets nobody else's page post here with our visitor's cookie. */
export const sameOrigin: RequestHandler = (req, _res, next) => {
  next(comesFromHere(req) ? undefined : new Problem(403, 'This may only be asked by the page itself.'));
};

/** [spec] Fetch Metadata; a browser without it still sends Origin with every POST, and what is no browser sends neither. */
function comesFromHere(req: Request): boolean {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = req.get('origin');
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === req.get('host');
}
