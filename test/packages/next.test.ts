import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { until } from '../../packages/sse-proxy/test/support/until.ts';
import { type RawUpstream, rawUpstream } from '../../packages/sse-proxy/test/support/upstream.ts';
import { launchBrowser, type RealBrowser } from '../e2e/support/browser.ts';
import { needs } from '../support/needs.ts';
import { pack } from './support/pack.ts';
import { createProject } from './support/project.ts';
import { root, run } from './support/run.ts';

const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', PORT: '0' };

describe('the recipe for Next.js, with the packed packages', () => {
  needs('chromium');
  let dir: string;
  let upstream: RawUpstream;
  let chromium: RealBrowser;
  let server: ChildProcess;
  let url: string;

  before(async function () {
    this.timeout(900_000);
    dir = mkdtempSync(join(tmpdir(), 'datashop-next-'));
    upstream = await rawUpstream();
    const tarballs = await pack(dir, ['sse-proxy', 'sse-client']);
    const project = await createProject(join(dir, 'app'), 'module', {
      ...tarballs,
      express: '^5.0.0',
      next: '^16.0.0',
      react: '^19.0.0',
      'react-dom': '^19.0.0',
    });
    cpSync(join(root, 'examples/recipes/next'), project.dir, { recursive: true });
    Object.assign(process.env, { NEXT_TELEMETRY_DISABLED: '1' });
    await run(project.dir, process.execPath, 'node_modules/next/dist/bin/next', 'build');
    server = spawn(process.execPath, ['server.mjs'], {
      cwd: project.dir,
      env: { ...env, UPSTREAM: upstream.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    server.stdout?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    url = await until(() => /http:\/\/localhost:\d+/.exec(output)?.[0]);
    chromium = await launchBrowser();
  });
  after(async () => {
    await chromium?.close();
    if (server && server.exitCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    await upstream?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  it('a page of Next.js shows each event as it comes, and those after a broken upstream connection', async () => {
    const page: Page = await chromium.browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
    const shown = () => page.$$eval('li', (items) => items.map(({ textContent }) => textContent));
    const first = await upstream.request(0);
    first.begin();
    for (const id of [1, 2]) {
      first.send(`id: ${id}\ndata: event ${id}\n\n`);
      await until(async () => (await shown()).length === id);
    }
    first.reset();
    const second = await upstream.request(1);
    expect(second.headers['last-event-id']).to.equal('2');
    second.begin();
    second.send('id: 3\ndata: event 3\n\n');
    await until(async () => (await shown()).length === 3);
    expect(await shown()).to.deep.equal(['event 1', 'event 2', 'event 3']);
    expect(complaints).to.deep.equal([]);
    await page.close();
    await until(second.closed);
  });

  it('SIGTERM ends the streams and the server', async () => {
    const page: Page = await chromium.browser.newPage();
    await page.goto(url);
    await page.waitForSelector('main[data-status=connecting], main[data-status=connected]');
    await upstream.request(2);
    const exit = once(server, 'exit');
    server.kill('SIGTERM');
    expect(await exit).to.deep.equal([0, null]);
    await page.close();
  });
});
