import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import session from 'express-session';
import { Problem } from './problem.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
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

/** Stands in for Datashop's sign-in: whoever visits the page gets a user of their own. */
export const demoSignIn: RequestHandler = (req, _res, next) => {
  req.session.user ??= `demo-${randomBytes(6).toString('hex')}`;
  next();
};

/** The user's key, by which the streams are limited, or false for nobody. */
export function signedIn(req: Request): { key: string } | false {
  return req.session.user ? { key: req.session.user } : false;
}

export const demandSession: RequestHandler = (req, _res, next) => {
  next(signedIn(req) ? undefined : new Problem(403, 'Sign in first: open the page.'));
};
