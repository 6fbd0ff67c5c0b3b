import type { RequestHandler } from 'express';
import { Problem } from './problem.ts';

/**
 * Admits only paths of plain segments: letters, digits, `_`, `-`, and dots that do not come first.
 *
 * Everything else gets 404: `//host/..%2findex.html`, `/\host`, encoded slashes and dots, dot segments, absolute URLs.
 * A router or a static server normalises such a path and serves the page for it, but the browser does not: it resolves
 * the page's relative links against the path as it stands, and `//host/…` leads to another site.
 */
export const plainPaths: RequestHandler = (req, _res, next) => {
  const [path = ''] = req.originalUrl.split('?', 1);
  next(plainPath.test(path) ? undefined : new Problem(404, 'There is nothing here.'));
};

const plainPath = /^\/(?:[\w-][\w.-]*\/)*(?:[\w-][\w.-]*)?$/;
