import { sseMetrics } from '@datashop/sse-metrics';
import { sseProxy } from '@datashop/sse-proxy';
import express from 'express';
import session from 'express-session';
import { Registry } from 'prom-client';

const {
  LOGS = 'http://127.0.0.1:4000',
  TOKEN = '',
  SESSION_SECRET = 'change me',
  PORT = '3000',
  METRICS_PORT = '9464',
} = process.env;

/** User → workflows that the user may read; stands in for your database. */
const rights = new Map([
  ['ada', ['etl', 'billing']],
  ['grace', ['etl']],
]);

/**
 * The signed-in user, as the store of the sessions has it now. `authorize` is called again while a stream is open, and
 * `req.session` would be what it was when the request came.
 */
const userOf = (req) =>
  new Promise((resolve) => req.session.reload((error) => resolve(error ? undefined : req.session.user)));

const registry = new Registry();
const stream = sseProxy({
  name: 'logs',
  target: `${LOGS}/workflow/:workflow/logs/stream`,
  async authorize(req) {
    const user = await userOf(req);
    if (user === undefined) return false;
    const { workflow } = req.params;
    return { key: user, fields: { workflow }, allowed: rights.get(user)?.includes(workflow) ?? false };
  },
  // Who signs out, or loses the right, loses the stream within a minute.
  reauthorizeMs: 60_000,
  // The browser's credentials stay here; the log service gets a token of this server's own.
  forwardHeaders: [],
  upstreamHeaders: { authorization: `Bearer ${TOKEN}` },
  // One connection to the log service for each workflow, however many users watch it.
  share: true,
  limits: { rules: [{ name: 'user', max: 10 }] },
  observers: [sseMetrics({ registry })],
});

const app = express();
// nginx on this machine, and nothing else, says who the browser is.
app.set('trust proxy', 'loopback');
let isReady = true;
app.get('/readyz', (_req, res) => res.sendStatus(isReady ? 200 : 503));
// In production, give it a `store`: without one, sessions are in the memory of this process.
app.use(
  session({
    secret: SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'strict', secure: 'auto' },
  }),
);
// Stands in for your sign-in.
app.post('/sign-in/:user', (req, res, next) => {
  req.session.regenerate((error) => {
    if (error) return next(error);
    req.session.user = req.params.user;
    res.sendStatus(204);
  });
});
app.post('/sign-out', (req, res, next) => {
  req.session.destroy((error) => (error ? next(error) : res.sendStatus(204)));
});
app.get('/sse/workflows/:workflow/logs', stream);
const server = app.listen(Number(PORT), '127.0.0.1');

// On a port that only Prometheus reaches.
const inside = express()
  .get('/metrics', async (_req, res) => res.type(registry.contentType).send(await registry.metrics()))
  .listen(Number(METRICS_PORT), '127.0.0.1');

process.once('SIGTERM', async () => {
  isReady = false;
  await stream.close({ graceMs: 10_000 });
  server.close();
  inside.close();
});
