import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { browse } from './support/browser.ts';
import { cleaner } from './support/until.ts';

const program = fileURLToPath(new URL('../src/demo/main.ts', import.meta.url));

describe('npx @datashop/sse-proxy demo', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  /** Starts the program; resolves with its port. */
  async function start(port = '0'): Promise<{ port: number; child: ChildProcess }> {
    const child = spawn(process.execPath, [program, 'demo', port], { stdio: ['ignore', 'pipe', 'inherit'] });
    add(child, async (it) => {
      if (it.exitCode !== null || it.signalCode !== null) return;
      it.kill('SIGKILL');
      await once(it, 'exit');
    });
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    const [, taken] = /^An event a second: http:\/\/127\.0\.0\.1:(\d+)\/logs\/stream\n$/.exec(line) ?? [];
    expect(taken, line).to.be.a('string');
    return { port: Number(taken), child };
  }

  const open = (port: number, lastEventId?: string) =>
    add(browse(port, '/logs/stream', lastEventId ? { 'Last-Event-ID': lastEventId } : {}), (it) => it.leave());
  const idsOf = (body: string) => [...body.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  const eventOf = (id: number) => {
    const data = { time: new Date(id * 1000).toISOString(), level: 'INFO', message: `event ${id}` };
    return `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
  };

  it('the demo prints its URL and sends an event a second, the newest one at once', async () => {
    const { port } = await start();
    const browser = open(port);
    const now = Math.floor(Date.now() / 1000);
    const [first = 0] = idsOf(await browser.sees('\n\n'));
    expect(first).to.be.within(now - 1, now + 1);
    expect(browser.headers()['content-type']).to.equal('text/event-stream');
    expect(await browser.sees(eventOf(first + 1))).to.equal(eventOf(first) + eventOf(first + 1));
  });

  it('the demo continues after the Last-Event-ID, also after a restart', async () => {
    const first = await start();
    const seen = open(first.port);
    const [id = 0] = idsOf(await seen.sees('\n\n'));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await start();
    expect(await open(second.port, String(id - 2)).sees(eventOf(id))).to.match(
      new RegExp(`^${[id - 1, id].map((it) => eventOf(it).replaceAll(/[{}.]/g, '\\$&')).join('')}`),
    );
  });

  it('the demo repeats an hour at most, and ignores an unusable id', async () => {
    const { port } = await start();
    const newest = Math.floor(Date.now() / 1000);
    const [oldest = 0] = idsOf(await open(port, '1').sees(eventOf(newest)));
    expect(oldest).to.be.within(newest - 3600, newest - 3597);
    const [first = 0] = idsOf(await open(port, 'yesterday').sees('\n\n'));
    expect(first).to.be.at.least(newest);
  });

  it('the demo prints its help, and refuses an unknown argument or a port in use in one line', async () => {
    const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    expect(run().stdout).to.match(/^Usage: npx @datashop\/sse-proxy demo \[PORT\]\n/);
    expect(run('start')).to.include({ status: 2, stderr: 'sse-proxy: expected "demo" and a port; see --help\n' });
    expect(run('demo', '99999')).to.include({
      status: 2,
      stderr: 'sse-proxy: expected a port from 0 to 65535, got "99999"\n',
    });
    const { port } = await start();
    const taken = run('demo', String(port));
    expect(taken.status).to.equal(1);
    expect(taken.stderr).to.match(
      /^sse-proxy: the demo can't listen: .*EADDRINUSE.*; any free port: npx @datashop\/sse-proxy demo 0\n$/,
    );
  });
});
