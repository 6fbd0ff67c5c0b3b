import { type Request, type RequestHandler, type Response, Router } from 'express';
import { sameOrigin } from './same-origin.ts';
import { newUser } from './session.ts';

/** `/session`: returns the user. `/session/sign-in` and `/session/sign-out`: POST requests of the page itself. */
export function sessionRoutes({ onSignOut }: { onSignOut(sessionID: string): void }): RequestHandler {
  const router = Router();
  router.use('/session', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/session', sendUser);
  router.post('/session/sign-in', sameOrigin, (req, res, next) => {
    if (req.session.user) return sendUser(req, res);
    begin(req, { user: newUser() }, (error) => (error ? next(error) : sendUser(req, res)));
  });
  router.post('/session/sign-out', sameOrigin, (req, res, next) => {
    const { sessionID } = req;
    begin(req, { signedOut: true }, (error) => {
      if (error) return next(error);
      onSignOut(sessionID);
      sendUser(req, res);
    });
  });
  return router;
}

function sendUser(req: Request, res: Response): void {
  res.json({ user: req.session.user ?? null });
}

/** Starts a new session with a new id: an id that leaked before a sign-in or a sign-out is worthless after it. */
function begin(req: Request, data: { user?: string; signedOut?: boolean }, done: (error?: unknown) => void): void {
  req.session.regenerate((error: unknown) => {
    if (error) return done(error);
    Object.assign(req.session, data);
    // Saved before the response, because the page's next request may follow at once.
    req.session.save(done);
  });
}
