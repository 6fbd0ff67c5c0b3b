import { existsSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type RequestHandler, Router } from 'express';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** Their names hold a hash of what is in them. */
const HASHED = join(DIST, 'assets') + sep;
const NAME = /^\/assets\/[\w-]+\.(js|css|svg)$/;

/**
 * The built log viewer. What isn't there is somebody else's to answer, never index.html: a browser that asks for an
 * asset of yesterday's build must get a 404, not a page that it takes for a script.
 */
export function page(): RequestHandler {
  const router = Router();
  router.get(NAME, compressed);
  router.use(
    express.static(DIST, {
      cacheControl: false,
      redirect: false,
      setHeaders: (res, path) => {
        res.setHeader('Cache-Control', path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    }),
  );
  return router;
}

/** The build has left a `.br` beside each file of text. Only these files pass here: no stream is ever compressed. */
const compressed: RequestHandler = (req, res, next) => {
  res.vary('Accept-Encoding');
  const { path } = req;
  if (req.acceptsEncodings('br') && existsSync(join(DIST, `${path}.br`))) {
    res.setHeader('Content-Encoding', 'br');
    res.type(extname(path));
    req.url = `${path}.br`;
  }
  next();
};
