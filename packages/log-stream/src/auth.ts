import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { Problem } from './problem.ts';

/**
 * Makes the check for the bearer token.
 *
 * @returns a function that throws a Problem: 401 without a token, 403 with a wrong one
 */
export function bearerCheck(token: string | undefined): (req: Request, res: Response) => void {
  if (token === undefined) return () => {};
  const expected = digest(token);
  return (req, res) => {
    const given = /^Bearer +(\S+)$/i.exec(req.get('authorization') ?? '')?.[1];
    if (given === undefined) {
      res.setHeader('WWW-Authenticate', 'Bearer');
      throw new Problem('missing_token', 'Authorization: expected a bearer token');
    }
    // Digests have one length, so neither the comparison's time nor an error tells how long the token is.
    if (!timingSafeEqual(digest(given), expected)) {
      throw new Problem('wrong_token', 'Authorization: this bearer token is not accepted');
    }
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
