import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { LogStreamError } from '../errors.ts';

/**
 * Creates the check of the bearer token.
 *
 * @param token the accepted token; without one, every request passes
 * @returns a function that throws a LogStreamError: 401 without a token, 403 with a wrong one
 */
export function bearerCheck(token: string | false | undefined): (req: Request) => void {
  if (token === undefined || token === false) return () => {};
  const expected = digest(token);
  return (req) => {
    const given = /^Bearer +([\x21-\x7e]+)$/i.exec(req.get('authorization') ?? '')?.[1];
    if (given === undefined) {
      throw new LogStreamError('ERR_LOG_STREAM_TOKEN_MISSING', 'Authorization: expected a bearer token');
    }
    // All digests have the same length, so neither the time of the comparison nor an error reveals the token's length.
    if (!timingSafeEqual(digest(given), expected)) {
      throw new LogStreamError('ERR_LOG_STREAM_TOKEN_WRONG', 'Authorization: this bearer token is not accepted');
    }
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
