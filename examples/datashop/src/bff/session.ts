import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import { Problem } from './problem.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
    /** Signed out on purpose: the next visit must not sign in by itself. */
    signedOut: boolean;
  }
}

const EIGHT_HOURS_MS = 8 * 60 * 60 * 1000;

/** Sessions live in this process: a restart signs everyone out, which is right for a demo and wrong for a fleet. */
export function sessions(): RequestHandler {
  return session({
    name: 'datashop.sid',
    secret: randomBytes(32).toString('base64url'),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'strict', maxAge: EIGHT_HOURS_MS },
  });
}

export const newUser = () => `demo-${randomBytes(3).toString('hex')}`;

/** Stands in for Datashop's sign-in: whoever visits the page gets a user of their own, unless they signed out before. */
export const demoSignIn: RequestHandler = (req, _res, next) => {
  if (!req.session.signedOut) req.session.user ??= newUser();
  next();
};

/** The user's key, by which the streams are limited, or false for nobody. */
export function signedIn(req: Request): { key: string } | false {
  return req.session.user ? { key: req.session.user } : false;
}

/** The same for a request that has been open for a while: what it brought along may have ended since. */
export function stillSignedIn(req: Request): Promise<{ key: string } | false> {
  return new Promise((resolve, reject) => {
    req.sessionStore.get(req.sessionID, (error, current) => {
      if (error) reject(error);
      else resolve(current?.user ? { key: current.user } : false);
    });
  });
}

export const demandSession: RequestHandler = (req, _res, next) => {
  next(signedIn(req) ? undefined : new Problem(403, 'Sign in first: open the page.'));
};
