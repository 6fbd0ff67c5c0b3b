import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { streamPath } from '../src/demo.ts';
import { type LogService, logService } from './support/log-service.ts';

const main = fileURLToPath(new URL('../src/bff/main.ts', import.meta.url));
const token = 'token-of-the-service';

describe('the BFF as a program of its own', () => {
  let service: LogService;
  let child: ChildProcess | undefined;

  before(async () => {
    service = await logService((req, res) => {
      if (!req.url?.includes('/stream')) return void res.end();
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('id: 1\ndata: one\n\n');
    });
  });
  after(() => service.close());
  afterEach(() => void child?.kill('SIGKILL'));

  function start(env: Record<string, string>): { output: Promise<string>; errors: Readable; exit: Promise<unknown[]> } {
    const { PATH = '' } = process.env;
    const required = { UPSTREAM: service.url, TOKEN: token, PORT: '0', METRICS_PORT: '0' };
    child = spawn(process.execPath, [main], { env: { PATH, ...required, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    return { output: text(child.stdout!), errors: child.stderr!.setEncoding('utf8'), exit: once(child, 'exit') };
  }

  it('the BFF prints its port, logs to the standard output without a folder, and drains for DRAIN_GRACE_MS at SIGTERM', async () => {
    const { output, errors, exit } = start({ DRAIN_GRACE_MS: '1', INSTANCE: 'bff-7' });
    const [line] = await once(errors, 'data');
    expect(line).to.match(/^listening on port \d+\n$/);
    const url = `http://127.0.0.1:${/\d+/.exec(line)}`;
    const visit = await fetch(url);
    await visit.body?.cancel();
    const cookie = visit.headers.getSetCookie()[0]!.split(';')[0]!;
    const stream = await fetch(`${url}${streamPath}`, { headers: { cookie } });

    child!.kill('SIGTERM');

    expect(await stream.text())
      .to.include('data: one')
      .and.to.match(/event: sse-proxy:end\n.*"reason":"draining"/s);
    expect(await exit).to.deep.equal([0, null]);
    const lines = (await output)
      .trim()
      .split('\n')
      .map((json) => JSON.parse(json));
    expect(new Set(lines.map(({ log }) => log))).to.deep.equal(new Set(['access', 'audit']));
    expect(lines.every(({ instance }) => instance === 'bff-7')).to.equal(true);
    const closed = lines.find(({ log, msg }) => log === 'access' && /clos/.test(msg));
    expect(closed).to.include({ reason: 'draining', events: 1 });
  });

  it('refuses connections from the beginning of the drain with DRAIN_PORT=closed, and keeps its streams', async () => {
    const { errors, exit } = start({ DRAIN_GRACE_MS: '600000', DRAIN_PORT: 'closed' });
    const [line] = await once(errors, 'data');
    const url = `http://127.0.0.1:${/\d+/.exec(line)}`;
    const visit = await fetch(url);
    await visit.body?.cancel();
    const cookie = visit.headers.getSetCookie()[0]!.split(';')[0]!;
    const browser = new AbortController();
    const stream = await fetch(`${url}${streamPath}`, { headers: { cookie }, signal: browser.signal });
    const reader = stream.body!.getReader();
    expect(String(Buffer.from((await reader.read()).value!))).to.include('retry:');

    child!.kill('SIGTERM');

    const isRefused = () =>
      fetch(`${url}/healthz`).then(
        () => false,
        ({ cause }: Error) => (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED',
      );
    await until(isRefused);
    const next = await Promise.race([reader.closed.then(() => 'ended'), exit, Promise.resolve('open')]);
    expect(next).to.equal('open');
    browser.abort();
    await reader.closed.catch(() => {});
    expect(await exit).to.deep.equal([0, null]);
  });

  it('the BFF prints why it can not start, and exits with code 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };

    const { errors, exit } = start({ METRICS_PORT: String(port) });

    const [[line], [code]] = await Promise.all([once(errors, 'data'), exit]);
    expect(line).to.match(new RegExp(`^METRICS_PORT ${port} can't be opened \\(listen EADDRINUSE.*\\)\n$`));
    expect(code).to.equal(1);
    taken.close();
  });

  it('the BFF exits when it can not open the sessions, although it has begun to connect to Redis', async () => {
    const { errors, exit } = start({
      REDIS: 'redis://127.0.0.1:1',
      SESSION_SECRET: 'x',
      SESSION_STORE: '/nowhere/s.sqlite',
    });

    const [output, [code]] = await Promise.all([text(errors), exit]);
    expect(output).to.include('/nowhere/s.sqlite');
    expect(code).to.equal(1);
  });

  it('serves its metrics on METRICS_HOST', async () => {
    const { errors, exit } = start({ METRICS_HOST: '999.0.0.1' });

    const [[line], [code]] = await Promise.all([once(errors, 'data'), exit]);
    expect(line).to.include('999.0.0.1');
    expect(code).to.equal(1);
  });
});
