import { randomBytes } from 'node:crypto';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import session from 'express-session';
import { isOperator } from '../access.ts';
import { users } from '../demo.ts';
import { BoundedStore, SessionsUnavailable } from './bounded-store.ts';
import { Problem } from './problem.ts';
import { isOwnVisit } from './same-origin.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
    /** True after a sign-out: the next visit must not sign in again by itself. */
    signedOut: boolean;
  }
}

const maxAge = 8 * 60 * 60 * 1000;

/** Where sessions are kept, and the key that signs their cookies: the same for all instances. */
export interface SessionOptions {
  /**
   * Called twice, for sessions over HTTPS and over HTTP: express-session keeps the attributes of the cookie in the
   * store.
   */
  createStore(): session.Store;
  secret: string;
  /** Called whenever a store has failed. @defaultValue not called */
  onFailure?: (() => void) | undefined;
}

/**
 * Without options, sessions are in this process's memory: a restart signs everybody out.
 *
 * Over HTTPS the cookie is `__Host-datashop.sid` with `Secure`, which no other host and no plain HTTP response can set.
 * `SameSite=Lax`, not `Strict`: with `Strict`, a link on another site arrives without the cookie, and the visit would
 * replace the user's session by a new one.
 *
 * While the store fails, requests get 503: see {@link BoundedStore}.
 */
export function sessions(shared?: SessionOptions): RequestHandler {
  const secret = shared?.secret ?? randomBytes(32).toString('base64url');
  const make = (name: string, secure: boolean) =>
    session({
      store: new BoundedStore(shared?.createStore() ?? new session.MemoryStore(), shared?.onFailure),
      name,
      secret,
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax', path: '/', secure, maxAge },
    });
  const overHttps = make('__Host-datashop.sid', true);
  const overHttp = make('datashop.sid', false);
  return (req, res, next) => (req.secure ? overHttps : overHttp)(req, res, next);
}

/** Requests for which the session could not be read. They have no `session`. */
const withoutSession = new WeakSet<Request>();

/**
 * Lets a request go on whose session could not be read. For the streams: {@link stillSignedIn} refuses it softly then,
 * because an `EventSource` gives up for good at a 503.
 */
export const deferSessionFailure: ErrorRequestHandler = (error, req, _res, next) => {
  if (!(error instanceof SessionsUnavailable)) return next(error);
  withoutSession.add(req);
  next();
};

/**
 * Stands in for Datashop's sign-in: a visit to the page signs the first user in, unless the visitor has signed out or
 * another site sent them. In that case the page offers a sign-in, which is a POST of the page's own.
 */
export const demoSignIn: RequestHandler = (req, _res, next) => {
  if (req.session.signedOut || req.session.user !== undefined || !isOwnVisit(req)) return next();
  req.session.user = users[0];
  // Stored before the response begins: when the browser has the whole page, its next request may come to another
  // instance.
  req.session.save(next);
};

/** The user's key, which the limits count by, or false if nobody is signed in. */
export function signedIn(req: Request): { key: string } | false {
  return req.session.user ? { key: req.session.user } : false;
}

/**
 * Like {@link signedIn}, but reads the session again: it may have ended since the request began. Rejects if the store
 * fails.
 */
export function stillSignedIn(req: Request): Promise<{ key: string } | false> {
  return new Promise((resolve, reject) => {
    if (withoutSession.has(req)) return reject(new SessionsUnavailable());
    req.sessionStore.get(req.sessionID, (error, current) => {
      if (error) reject(error);
      else resolve(current?.user ? { key: current.user } : false);
    });
  });
}

/** Admits operators; others get 403. */
export const demandOperator: RequestHandler = (req, _res, next) => {
  next(isOperator(req.session.user) ? undefined : new Problem(403, 'Only operators may see the streams of all users.'));
};

/** Admits signed-in users; others get 403. */
export const demandSession: RequestHandler = (req, _res, next) => {
  next(signedIn(req) ? undefined : new Problem(403, 'Sign in first: open the page.'));
};
