// The ways to mount a stream in an app. Argument: the upstream's URL.
import { sseProxy, sseRouter } from '@datashop/sse-proxy';
import express from 'express';

const base = process.argv[2];
const stream = () => sseProxy({ target: base, warnings: false });
/** Its upstream request has the workflow of the path. */
const byWorkflow = () => sseProxy({ target: `${base}/:workflow`, warnings: false });

const mounts = {
  get: (app) => app.get('/sse', stream()),
  all: (app) => app.all('/sse', stream()),
  use: (app) => app.use('/sse', stream()),
  route: (app) => app.route('/sse').get(stream()),
  array: (app) => app.get(['/other', '/sse'], [(_req, _res, next) => next(), stream()]),
  parameter: (app) => app.get('/w/:workflow/sse', byWorkflow()),
  router: (app) => app.use('/w', express.Router().get('/:workflow/sse', byWorkflow())),
  mergeParams: (app) => app.use('/w/:workflow', express.Router({ mergeParams: true }).get('/sse', byWorkflow())),
  subApp: (app) => app.use('/x', express().get('/sse', stream())),
  subAppInSubApp: (app) => app.use('/x', express().use('/y', express().get('/:workflow/sse', byWorkflow()))),
  sseRouter: (app) => app.use(sseRouter({ '/w/:workflow/sse': { target: `${base}/:workflow`, warnings: false } })),
  sseRouterBelow: (app) => app.use('/x', sseRouter({ '/sse': { target: base, warnings: false } })),
  afterAsync: (app) => app.use((_req, _res, next) => setImmediate(next)).get('/sse', stream()),
};

const ports = {};
for (const [name, mount] of Object.entries(mounts)) {
  const app = express();
  mount(app);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ports[name] = server.address().port;
}
console.log(JSON.stringify(ports));
