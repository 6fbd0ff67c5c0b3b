import { existsSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type RequestHandler, Router } from 'express';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
/** Files whose name contains a hash of their content. */
const hashed = join(dist, 'assets') + sep;
const assetName = /^\/assets\/[\w-]+\.(js|css|svg)$/;

/**
 * Serves the built log viewer. A missing file is passed on and never replaced by index.html: a browser that requests an
 * asset of an earlier build must get a 404, not a page in place of a script.
 */
export function page(): RequestHandler {
  const router = Router();
  router.get(assetName, compressed);
  router.use(
    express.static(dist, {
      cacheControl: false,
      redirect: false,
      setHeaders: (res, path) => {
        res.setHeader(
          'Cache-Control',
          path.startsWith(hashed) ? 'public, max-age=31536000, immutable' : 'private, no-cache',
        );
      },
    }),
  );
  return router;
}

/** Serves the `.br` file that the build puts beside each text file. Streams never pass here, so none is compressed. */
const compressed: RequestHandler = (req, res, next) => {
  res.vary('Accept-Encoding');
  const { path } = req;
  if (req.acceptsEncodings('br') && existsSync(join(dist, `${path}.br`))) {
    res.setHeader('Content-Encoding', 'br');
    res.type(extname(path));
    req.url = `${path}.br`;
  }
  next();
};
