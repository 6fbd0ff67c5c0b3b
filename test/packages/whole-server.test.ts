import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { Balancer } from '../balancers/support/balancer.ts';
import { Browser, type Response } from '../balancers/support/h2.ts';
import { kinds } from '../balancers/support/kinds.ts';
import { freePorts } from '../support/free-ports.ts';
import { needs } from '../support/needs.ts';
import { pack } from './support/pack.ts';
import { quickStartOf } from './support/quick-start.ts';
import { run } from './support/run.ts';
import { openTerminal, type Terminal } from './support/terminal.ts';

const nginx = kinds.find(({ name }) => name === 'nginx')!;

describe('the section "A whole server" of docs/recipes.md, followed in an empty folder, behind nginx', () => {
  needs('nginx');
  const { commands, files } = quickStartOf('docs/recipes.md', 'A whole server');
  const [install = '', demo = '', start = ''] = commands;
  let base: string;
  let folder: string;
  let installed: string;
  let env: NodeJS.ProcessEnv;
  let port: number;
  let metricsPort: number;
  let balancer: Balancer;
  let server: Terminal;
  const { add, clean } = cleaner();

  const terminal = (command: string) => add(openTerminal(command, folder, env), (it) => it.end());

  before(async () => {
    base = mkdtempSync(join(tmpdir(), 'datashop-whole-server-'));
    folder = join(base, 'empty');
    mkdirSync(folder);
    const tarballs = await pack(base, ['sse-proxy', 'sse-metrics']);
    const fromTarballs = Object.entries(tarballs).reduce(
      (command, [name, file]) => command.replace(name, file.replace('file:', '')),
      install,
    );
    const [npm = '', ...args] = fromTarballs.split(' ');
    installed = await run(folder, npm, ...args);
    const [demoPort = 0, ...others] = await freePorts(3);
    [port = 0, metricsPort = 0] = others;
    const LOGS = `http://127.0.0.1:${demoPort}`;
    env = { ...process.env, LOGS, PORT: String(port), METRICS_PORT: String(metricsPort) };
    // Only the times are shorter.
    const code = files['server.mjs']?.replace('reauthorizeMs: 60_000', 'reauthorizeMs: 200').replace('10_000', '200');
    writeFileSync(join(folder, 'server.mjs'), code ?? '');
    balancer = await Balancer.start(nginx, [port, port, port]);
  });
  beforeEach(async () => {
    const upstream = terminal(`${demo} ${new URL(env.LOGS ?? '').port}`);
    await until(() => upstream.stdout().includes('\n'));
    server = terminal(start);
    await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok ?? false);
  });
  afterEach(clean);
  after(async () => {
    await balancer?.close();
    if (base) rmSync(base, { recursive: true, force: true });
  });

  /** Signs a user in; resolves with the browser and its cookie. */
  async function signIn(user: string) {
    const browser = add(await Browser.connect(balancer.origin), (it) => it.close());
    const response = await browser.request(`/sign-in/${user}`, { ':method': 'POST' });
    const [cookie = ''] = [response.headers['set-cookie'] ?? []].flat();
    expect(cookie).to.match(/; HttpOnly; Secure; SameSite=Strict$/);
    return { browser, cookie: cookie.split(';')[0] };
  }
  const open = ({ browser, cookie }: Awaited<ReturnType<typeof signIn>>, workflow: string): Promise<Response> =>
    browser.request(`/sse/workflows/${workflow}/logs`, { accept: 'text/event-stream', cookie });
  const event = (body: Buffer) => body.includes('data: {"time"');
  const metrics = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();

  it('npm installs the packages of "A whole server" without a warning', () => {
    expect(commands.slice(1, 3)).to.deep.equal(['npx @datashop/sse-proxy demo', 'node server.mjs']);
    expect(installed).to.not.match(/warn|deprecated|vulnerab(?!ilities\n)/i);
  });

  it('users see the workflows that they may read, over one upstream connection for each, and the metrics count them', async () => {
    const [ada, grace] = [await signIn('ada'), await signIn('grace')];
    const streams = [await open(ada, 'etl'), await open(ada, 'billing'), await open(grace, 'etl')];
    for (const stream of streams) await stream.body(event);
    expect((await open(grace, 'billing')).status).to.equal(403);
    expect((await open({ ...grace, cookie: '' }, 'etl')).status).to.equal(403);
    await until(async () => (await metrics()).includes('\nsse_upstream_connections 2\n'));
    expect(await metrics()).to.include('active_sse_connections{route="logs"} 3\n');
    expect(server.stderr()).to.match(/^\(node:\d+\) \[ERR_SSE_FORBIDDEN\] SseProxyWarning: .*\n.*\n$/);
  });

  it('a user who signs out loses the stream, and is refused when the page comes back', async () => {
    const ada = await signIn('ada');
    const stream = await open(ada, 'etl');
    await stream.body(event);
    await ada.browser.request('/sign-out', { ':method': 'POST', cookie: ada.cookie });
    expect((await stream.whole()).toString()).to.include('"reason":"unauthorized"');
    expect((await open(ada, 'etl')).status).to.equal(403);
  });

  it('SIGTERM ends the streams, with a time to come back, and then the process', async () => {
    const stream = await open(await signIn('ada'), 'etl');
    await stream.body(event);
    const exit = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    expect((await stream.whole()).toString()).to.include('"reason":"draining"');
    expect(await exit).to.deep.equal([0, null]);
  });
});
