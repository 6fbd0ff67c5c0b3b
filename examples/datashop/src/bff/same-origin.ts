import type { Request, RequestHandler } from 'express';
import { Problem } from './problem.ts';

/** Admits requests that this origin's own page sends, and clients that are no browser; others get 403. */
export const sameOrigin: RequestHandler = (req, _res, next) => {
  const site = req.get('sec-fetch-site') ?? 'same-origin';
  const allowed = site === 'same-origin' && isOwnOrigin(req, req.get('origin'));
  next(allowed ? undefined : new Problem(403, 'Only this origin’s own page may send this request.'));
};

/**
 * True for a visit that no other site can have caused: an address that was typed or bookmarked, a link on the page
 * itself, or a client that is no browser. [spec] Fetch Metadata; browsers omit it on plain HTTP, except for loopback
 * names.
 */
export function isOwnVisit(req: Request): boolean {
  const site = req.get('sec-fetch-site');
  if (site !== undefined) return site === 'none' || site === 'same-origin';
  return isOwnOrigin(req, req.get('referer'));
}

/** Compares scheme, host and port. A missing header counts as our own: browsers send Origin with every POST. */
function isOwnOrigin(req: Request, url: string | undefined): boolean {
  if (url === undefined) return true;
  const own = `${req.protocol}://${req.get('host')}`;
  return URL.canParse(url) && URL.canParse(own) && new URL(url).origin === new URL(own).origin;
}
