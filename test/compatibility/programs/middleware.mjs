// Apps with other middleware around the stream. Arguments: the upstream's URL, and the JSON of { app: { before, after }
// }.
import { Writable } from 'node:stream';
import { sseProxy } from '@datashop/sse-proxy';
import compression from 'compression';
import cors from 'cors';
import express from 'express';
import session from 'express-session';
import helmet from 'helmet';
import { createProxyMiddleware } from 'http-proxy-middleware';
import morgan from 'morgan';
import { pinoHttp } from 'pino-http';

const [, , target, apps] = process.argv;
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

const middleware = {
  helmet: () => helmet(),
  compression: () => compression({ threshold: 0 }),
  'express-session': () => session({ secret: 'a secret', resave: false, saveUninitialized: true }),
  cors: () => cors(),
  morgan: () => morgan('combined', { stream: nowhere() }),
  'pino-http': () => pinoHttp(nowhere()),
  'http-proxy-middleware': () => createProxyMiddleware({ target: new URL(target).origin, pathFilter: '/api' }),
};

const ports = {};
for (const [name, { before, after }] of Object.entries(JSON.parse(apps))) {
  const app = express();
  for (const each of before) app.use(middleware[each]());
  app.get('/sse', sseProxy({ target, warnings: false }));
  for (const each of after) app.use(middleware[each]());
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ports[name] = server.address().port;
}
console.log(JSON.stringify(ports));
