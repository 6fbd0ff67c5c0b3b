import { type Request, type RequestHandler, type Response, Router } from 'express';
import { isUser, workflowsOf } from '../access.ts';
import { users } from '../demo.ts';
import { Problem } from './problem.ts';
import { sameOrigin } from './same-origin.ts';

/**
 * `/session`: returns the user and their workflows. `/session/sign-in` (with `?user=`, by default the first one) and
 * `/session/sign-out`: POST requests of the page itself.
 *
 * @param options.onSignOut called with the id of a session that has ended
 */
export function sessionRoutes({ onSignOut }: { onSignOut(sessionID: string): void }): RequestHandler {
  const router = Router();
  router.use('/session', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.get('/session', sendUser);
  router.post('/session/sign-in', sameOrigin, (req, res, next) => {
    const wanted = new URLSearchParams(req.originalUrl.split('?')[1]).get('user') ?? req.session.user ?? users[0];
    if (!isUser(wanted)) return next(new Problem(400, 'user: expected a user of this demo.'));
    if (req.session.user === wanted) return sendUser(req, res);
    const { sessionID } = req;
    begin(req, { user: wanted }, (error) => {
      if (error) return next(error);
      onSignOut(sessionID);
      sendUser(req, res);
    });
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
  const { user } = req.session;
  res.json({ user: user ?? null, workflows: workflowsOf(user) });
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
