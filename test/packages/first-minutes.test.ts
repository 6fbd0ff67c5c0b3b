import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { launchBrowser, type RealBrowser } from '../e2e/support/browser.ts';
import { freePort } from '../support/free-ports.ts';
import { needs } from '../support/needs.ts';
import { pack } from './support/pack.ts';
import { quickStartOf } from './support/quick-start.ts';
import { run } from './support/run.ts';
import { openTerminal } from './support/terminal.ts';

/** What the section's commands are taken for; a change of the README needs one here. */
const [install, demo, start] = [
  'npm install @datashop/sse-proxy express',
  'npx @datashop/sse-proxy demo',
  'node server.mjs',
];

describe('the quick start of the README of sse-proxy, followed in an empty folder', () => {
  needs('chromium');
  const { commands, files } = quickStartOf('packages/sse-proxy/README.md');
  let base: string;
  let folder: string;
  let installed: string;
  let chromium: RealBrowser;
  let page: Page;
  let shown: string[];
  let ports: { demo: number; server: number };
  const { add, clean } = cleaner();

  before(async () => {
    base = mkdtempSync(join(tmpdir(), 'datashop-quick-start-'));
    folder = join(base, 'empty');
    mkdirSync(folder);
    const { '@datashop/sse-proxy': tarball = '' } = await pack(base, ['sse-proxy']);
    const [npm = '', ...args] = install.replace('@datashop/sse-proxy', tarball.replace('file:', '')).split(' ');
    installed = await run(folder, npm, ...args);
    ports = { demo: await freePort(), server: await freePort() };
    for (const [path, code] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      const text = code
        .replace('127.0.0.1:4000', `127.0.0.1:${ports.demo}`)
        .replace('listen(3000)', `listen(${ports.server})`);
      writeFileSync(join(folder, path), text);
    }
    chromium = await launchBrowser();
  });
  beforeEach(async () => {
    page = add(await chromium.browser.newPage(), (it) => it.close());
    shown = [];
    page.on('console', (message) => shown.push(message.text()));
  });
  afterEach(clean);
  after(async () => {
    await chromium?.close();
    if (base) rmSync(base, { recursive: true, force: true });
  });

  const terminal = (command: string) => add(openTerminal(command, folder), (it) => it.end());

  async function startDemo() {
    const started = terminal(`${demo} ${ports.demo}`);
    await until(() => started.stdout().includes('\n') || started.child.exitCode !== null);
    expect(started.stdout()).to.equal(`An event a second: http://127.0.0.1:${ports.demo}/logs/stream\n`);
    return started;
  }

  async function startServer() {
    const started = terminal(start);
    await until(async () => (await fetch(`http://localhost:${ports.server}/`).catch(() => undefined))?.ok ?? false);
    return started;
  }

  const lines = () => page.$$eval('li', (items) => items.map(({ textContent }) => textContent ?? ''));
  const numbers = async () => (await lines()).map((line) => Number(/event (\d+)/.exec(line)?.[1]));
  const warnings = (stderr: string) => stderr.split('\n').filter((line) => line.includes('SseProxyWarning'));

  it('the quick start of sse-proxy names the commands and files that this test runs', () => {
    expect(commands).to.deep.equal([install, demo, start]);
    expect(Object.keys(files)).to.deep.equal(['server.mjs', 'public/index.html']);
  });

  it('npm installs sse-proxy without a warning', () => {
    expect(installed).to.not.match(/warn|deprecated|vulnerab(?!ilities\n)/i);
  });

  it('the page shows an event a second, without a warning of Node.js', async () => {
    const upstream = await startDemo();
    const server = await startServer();
    await page.goto(`http://localhost:${ports.server}/`);
    await until(async () => (await lines()).length >= 3);
    const [first = 0, ...others] = await numbers();
    expect(others).to.deep.equal(others.map((_, index) => first + 1 + index));
    expect([upstream.stderr(), server.stderr(), shown.join()]).to.deep.equal(['', '', '']);
  });

  it('an upstream that ends is reported on both consoles, once for each code, and nothing is missing afterwards', async () => {
    const upstream = await startDemo();
    const server = await startServer();
    await page.goto(`http://localhost:${ports.server}/`);
    await until(async () => (await lines()).length >= 2);
    await upstream.end();
    await until(() => shown.some((text) => text.startsWith('sse-proxy:upstream {"state":"lost"')));
    const codes = warnings(server.stderr()).map((line) => /\[(\w+)\]/.exec(line)?.[1]);
    expect(codes).to.deep.equal([...new Set(codes)]);
    expect(server.stderr()).to.match(
      /SseProxyWarning: sse-proxy lost the upstream on \/sse\/logs\/stream: upstream http:\S+ /,
    );
    const before = (await lines()).length;
    await startDemo();
    await until(async () => (await lines()).length >= before + 3);
    const [first = 0, ...others] = await numbers();
    expect(others).to.deep.equal(others.map((_, index) => first + 1 + index));
    expect(shown.filter((text) => text.startsWith('sse-proxy:gap'))).to.deep.equal([]);
  });

  it('a target that can’t be reached is reported on both consoles; the server’s has one line for all attempts', async () => {
    const server = await startServer();
    await page.goto(`http://localhost:${ports.server}/`);
    await until(() => shown.filter((text) => text.startsWith('sse-proxy:refused')).length >= 2);
    expect(shown[0]).to.include('"code":"ERR_SSE_UPSTREAM_CONNECT"');
    expect(warnings(server.stderr())).to.have.length(1);
    expect(server.stderr()).to.match(
      /^\(node:\d+\) \[ERR_SSE_UPSTREAM_CONNECT\] SseProxyWarning: sse-proxy refused a stream on \/sse\/logs\/stream: upstream http:\S+ failed in phase connect: ECONNREFUSED\n/,
    );
    await startDemo();
    await until(async () => (await lines()).length >= 2);
  });
});
