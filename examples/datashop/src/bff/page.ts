import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type RequestHandler } from 'express';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
/** Their names hold a hash of what is in them. */
const HASHED = join(DIST, 'assets') + sep;

/**
 * The built log viewer. What isn't there is somebody else's to answer, never index.html: a browser that asks for an
 * asset of yesterday's build must get a 404, not a page that it takes for a script.
 */
export function page(): RequestHandler {
  return express.static(DIST, {
    cacheControl: false,
    redirect: false,
    setHeaders: (res, path) => {
      res.setHeader('Cache-Control', path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
