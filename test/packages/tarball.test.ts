import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { browse } from '../../packages/sse-proxy/test/support/browser.ts';
import { cleaner } from '../../packages/sse-proxy/test/support/until.ts';
import { type RawUpstream, rawUpstream } from '../../packages/sse-proxy/test/support/upstream.ts';
import { pack, type Tarballs } from './support/pack.ts';
import { createProject, type Project } from './support/project.ts';
import { root, run, runTool } from './support/run.ts';

const route = '/sse/logs/stream';

/** The README's first JavaScript block, the quick start. */
function quickStart(): string {
  const readme = readFileSync(join(root, 'packages/sse-proxy/README.md'), 'utf8');
  const [, code] = /^```js\n(.*?)^```$/ms.exec(readme) ?? [];
  if (!code) throw new Error('the README has no ```js block');
  return code;
}

/** The quick start with a test upstream as its target and a free port, which it sends to the parent process. */
function runnableQuickStart(upstream: string): string {
  return replaceOnce(
    replaceOnce(quickStart(), "'http://127.0.0.1:4000/logs/stream'", `'${upstream}'`),
    'app.listen(3000);',
    "const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()));",
  );
}

function replaceOnce(text: string, old: string, replacement: string): string {
  expect(text.split(old), `the quick start has one ${old}`).to.have.length(2);
  return text.replace(old, replacement);
}

function filesOf(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((file) => file.slice(dir.length + 1).replaceAll('\\', '/')).sort();
}

/** sse-client works with every resolution, sse-proxy with those of Node and bundlers, the others as ES modules. */
function attwProfile(name: string): string[] {
  if (name === '@datashop/sse-client') return [];
  return ['--profile', name === '@datashop/sse-proxy' ? 'node16' : 'esm-only'];
}

/** Files that the compiler makes of a package's sources. */
function built(name: string, outDirs: readonly string[]): string[] {
  const sources = filesOf(join(root, 'packages', name, 'src')).filter((file) => !file.endsWith('.d.ts'));
  const modules = sources.map((file) => file.replace(/\.ts$/, ''));
  return outDirs.flatMap((dir) => modules.flatMap((module) => [`${dir}/${module}.js`, `${dir}/${module}.d.ts`]));
}

/** Files that `scripts/bundle-client.mjs` makes; the names of the chunks are the bundler's. */
const clientBundles = [
  ...filesOf(join(root, 'packages/sse-client/dist')).flatMap((file) =>
    /^(cjs|browser)\/.*(\.js|\.d\.ts|package\.json)$/.test(file) ? `dist/${file}` : [],
  ),
  ...['events', 'parse', 'persist', 'react', 'tabs'].map((entry) => `${entry}/package.json`),
];

describe('the packed packages, installed into projects of their own', () => {
  let dir: string;
  let tarballs: Tarballs;
  let esm: Project;
  let cjs: Project;
  let upstream: RawUpstream;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'datashop-tarball-'));
    upstream = await rawUpstream((request) => {
      request.begin();
      request.send('id: 1\ndata: hello\n\n');
    });
    // `npm test` has built the packages; react.test.ts packs one of them with its scripts.
    tarballs = await pack(dir);
    const types = { '@types/node': '^22.19.0' };
    esm = await createProject(join(dir, 'esm'), 'module', {
      ...tarballs,
      ...types,
      'prom-client': '^15.1.0',
      redis: '^6.0.0',
      express: '^5.0.0',
      '@types/express': '^5.0.0',
    });
    cjs = await createProject(join(dir, 'cjs'), 'commonjs', {
      '@datashop/sse-proxy': tarballs['@datashop/sse-proxy'] as string,
      ...types,
      express: '^4.18.0',
      '@types/express': '^4.17.0',
    });
  });
  after(async () => {
    await upstream?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  const { add, clean } = cleaner();
  afterEach(clean);

  async function deliversOneEvent(project: Project, file: string, ...args: string[]): Promise<void> {
    const program = add(await project.start(file, ...args), (it) => it.stop());
    const browser = add(browse(program.port, route), (it) => it.leave());
    const body = await browser.sees('data: hello\n\n');
    expect(body).to.equal('retry: 2000\nid: 1\ndata: hello\n\n');
  }

  for (const [name, outDirs, others] of [
    ['sse-proxy', ['dist/esm', 'dist/cjs'], ['dist/cjs/package.json']],
    ['log-stream', ['dist'], []],
    ['sse-client', ['dist'], clientBundles],
    ['sse-metrics', ['dist'], []],
    ['sse-redis', ['dist'], []],
  ] as const) {
    it(`the packed ${name} holds the built files, the licence, the README and the changelog, and nothing else`, () => {
      const found = filesOf(join(esm.dir, 'node_modules/@datashop', name));
      const wanted = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...others, ...built(name, outDirs)];
      const without = (files: string[], others: string[]) => files.filter((file) => !others.includes(file));
      const differences = { missing: without(wanted, found), unexpected: without(found, wanted) };
      expect(differences).to.deep.equal({ missing: [], unexpected: [] });
    });
  }

  it('the CommonJS files of sse-proxy are marked as CommonJS', () => {
    const marker = join(esm.dir, 'node_modules/@datashop/sse-proxy/dist/cjs/package.json');
    expect(JSON.parse(readFileSync(marker, 'utf8'))).to.deep.equal({ type: 'commonjs' });
  });

  it('publint and attw accept the packed packages', async () => {
    for (const [name, tarball] of Object.entries(tarballs)) {
      const file = tarball.replace('file:', '');
      await runTool(dir, 'publint/src/cli.js', '--strict', file);
      await runTool(dir, '@arethetypeswrong/cli/dist/index.js', ...attwProfile(name), file);
    }
  });

  it('sse-proxy works from ESM on Express 5', async () => {
    esm.write(
      'server.js',
      `import express from 'express';
       import { sseProxy } from '@datashop/sse-proxy';
       const app = express();
       app.get('${route}', sseProxy({ target: process.argv[2] }));
       const server = app.listen(0, '127.0.0.1', () => process.send(server.address()));`,
    );
    await deliversOneEvent(esm, 'server.js', upstream.url);
  });

  it('sse-proxy works from CommonJS, by require, on Express 4', async () => {
    cjs.write(
      'server.js',
      `const express = require('express');
       const { sseProxy } = require('@datashop/sse-proxy');
       const app = express();
       app.get('${route}', sseProxy({ target: process.argv[2] }));
       const server = app.listen(0, '127.0.0.1', () => process.send(server.address()));`,
    );
    await deliversOneEvent(cjs, 'server.js', upstream.url);
  });

  it('sse-metrics counts the streams of sse-proxy', async () => {
    esm.write(
      'metrics.js',
      `import express from 'express';
       import { sseMetrics } from '@datashop/sse-metrics';
       import { sseProxy } from '@datashop/sse-proxy';
       import { Registry } from 'prom-client';
       const registry = new Registry();
       const app = express();
       app.get('${route}', sseProxy({ target: process.argv[2], observers: [sseMetrics({ registry })] }));
       app.get('/metrics', async (req, res) => res.send(await registry.metrics()));
       const server = app.listen(0, '127.0.0.1', () => process.send(server.address()));`,
    );
    const program = add(await esm.start('metrics.js', upstream.url), (it) => it.stop());
    const browser = add(browse(program.port, route), (it) => it.leave());
    await browser.sees('data: hello\n\n');
    const metrics = await (await fetch(`http://127.0.0.1:${program.port}/metrics`)).text();
    expect(metrics).to.include(`active_sse_connections{route="${route}"} 1\n`);
    expect(metrics).to.include(`sse_messages_sent_total{route="${route}"} 1\n`);
  });

  it('sse-redis limits the streams of sse-proxy, also while there is no Redis', async () => {
    esm.write(
      'limits.js',
      `import express from 'express';
       import { sseProxy } from '@datashop/sse-proxy';
       import { redisLimiter } from '@datashop/sse-redis';
       const limits = redisLimiter({ redis: 'redis://127.0.0.1:1', limits: { total: 1 }, onModeChange() {} });
       const app = express();
       app.get('${route}', sseProxy({ target: process.argv[2], limits }));
       const server = app.listen(0, '127.0.0.1', () => process.send(server.address()));`,
    );
    const program = add(await esm.start('limits.js', upstream.url), (it) => it.stop());
    const browser = add(browse(program.port, route), (it) => it.leave());
    await browser.sees('data: hello\n\n');
    const second = add(browse(program.port, route), (it) => it.leave());
    expect(await second.sees('event: sse-proxy:refused')).to.include('ERR_SSE_LIMIT');
  });

  it('npx runs the program of log-stream', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'packages/log-stream/package.json'), 'utf8'));
    expect(await run(esm.dir, 'npx', '--no-install', 'log-stream', '--version')).to.equal(`${version}\n`);
  });

  it('sse-proxy and log-stream work together', async () => {
    esm.write(
      'logs.js',
      `import express from 'express';
       import { createLogDocument, logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
       import { sseProxy } from '@datashop/sse-proxy';
       const store = new SqliteLogStore({ path: ':memory:' });
       const upstream = express().use(logStreamRouter({ store, token: 'secret' })).listen(0, '127.0.0.1', () => {
         const logs = '/wfm/workflow/workspace/ws/workflow/wf/logs/stream';
         const target = 'http://127.0.0.1:' + upstream.address().port + logs;
         const app = express();
         app.get('${route}', sseProxy({ target, upstreamHeaders: { Authorization: 'Bearer secret' } }));
         app.post('/logs', async (req, res) => {
           await store.append([createLogDocument(JSON.parse(req.headers['x-log']))]);
           res.sendStatus(204);
         });
         const server = app.listen(0, '127.0.0.1', () => process.send(server.address()));
       });`,
    );
    const program = add(await esm.start('logs.js'), (it) => it.stop());
    const browser = add(browse(program.port, route), (it) => it.leave());
    await browser.opened();
    const execution = { pipelineID: 'p1', execID: '1', workspaceID: 'ws', workflowID: 'wf' };
    const log = { message: 'extracted', stageName: 'EXTRACT', ...execution };
    const headers = { 'X-Log': JSON.stringify(log) };
    expect((await fetch(`http://127.0.0.1:${program.port}/logs`, { method: 'POST', headers })).status).to.equal(204);
    expect(await browser.sees('"message":"extracted"')).to.match(/^id: \S+$/m);
  });

  for (const [name, flavour] of [
    ['Express 5', () => esm],
    ['Express 4', () => cjs],
  ] as const) {
    it(`the README's quick start type-checks and runs, as ESM and as CommonJS, on ${name}`, async () => {
      const project = flavour();
      for (const extension of ['mts', 'cts']) {
        project.write(`quick-start.${extension}`, quickStart());
        project.write(`run.${extension}`, runnableQuickStart(upstream.url));
      }
      const compilerOptions = {
        module: 'nodenext',
        moduleResolution: 'nodenext',
        target: 'es2023',
        strict: true,
        // skipLibCheck is off, so that the package's declarations are checked too.
        skipLibCheck: false,
        types: ['node'],
        noEmitOnError: true,
      };
      project.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.mts', '*.cts'] }));
      await runTool(project.dir, 'typescript/bin/tsc', '--project', '.');
      await deliversOneEvent(project, 'run.mjs');
      await deliversOneEvent(project, 'run.cjs');
    });
  }
});
