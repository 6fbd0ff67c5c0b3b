import { equal } from 'node:assert/strict';
import type { Area, Bench } from '../support/cell.ts';
import { checkStream, dial, withUpstream } from '../support/check-stream.ts';
import { startProgram } from '../support/program.ts';
import { plainProject } from './express.ts';

/** Name in programs/mounts.mjs → what the table says, and the path of the stream. */
const mounts: Readonly<Record<string, readonly [row: string, path: string]>> = {
  get: ["`app.get('/sse', stream)`", '/sse'],
  all: ["`app.all('/sse', stream)`", '/sse'],
  use: ["`app.use('/sse', stream)`", '/sse'],
  route: ["`app.route('/sse').get(stream)`", '/sse'],
  array: ["`app.get(['/other', '/sse'], [other, stream])`", '/sse'],
  parameter: ["`app.get('/w/:workflow/sse', stream)`, `:workflow` in `target`", '/w/w1/sse'],
  router: ["the same in an `express.Router()`, `app.use('/w', router)`", '/w/w1/sse'],
  mergeParams: ["`app.use('/w/:workflow', router)` with `mergeParams: true`", '/w/w1/sse'],
  subApp: ["a sub-app: `app.use('/x', sub)`", '/x/sse'],
  subAppInSubApp: ['a sub-app in a sub-app, `:workflow` in its path', '/x/y/w1/sse'],
  sseRouter: ['`app.use(sseRouter(routes))`', '/w/w1/sse'],
  sseRouterBelow: ["`app.use('/x', sseRouter(routes))`", '/x/sse'],
  afterAsync: ['behind a middleware that calls `next` later', '/sse'],
};

async function streamsAt(bench: Bench, version: string, name: string, path: string): Promise<undefined> {
  const project = await plainProject(bench, version);
  await withUpstream(async (upstream) => {
    const program = await startProgram(project, 'mounts.mjs', [upstream.url]);
    try {
      await checkStream(upstream, () => dial(program.ports[name] as number, { path }));
      const wanted = `/logs/stream${path.includes('w1') ? '/w1' : ''}`;
      for (const { line } of upstream.requests) equal(line, `GET ${wanted} HTTP/1.1`);
    } finally {
      await program.stop();
    }
  });
}

export const mountArea: Area = {
  name: 'mounts',
  title: 'Where it is mounted',
  text: '`stream` is `sseProxy({ target })`.',
  cells: Object.entries(mounts).flatMap(([name, [row, path]]) =>
    (['4', '5'] as const).map((version) => ({
      row,
      column: `Express ${version}`,
      run: (bench: Bench) => streamsAt(bench, version, name, path),
    })),
  ),
};
