import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { cleaner, until } from '../../../packages/sse-proxy/test/support/until.ts';
import { currentPage, quotedFiles, updatedPage } from '../../../scripts/quote-files.mjs';
import { UpstreamServer } from '../../../test/faults/support/upstream.ts';
import { Viewer } from '../../../test/faults/support/viewer.ts';

const script = fileURLToPath(new URL('../src/server.ts', import.meta.url));
const path = '/sse/logs/stream';

describe('the example with node:cluster', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  /** Starts the example with two workers. Resolves when all of them accept connections. */
  async function start(upstream: string, port = '0') {
    const env = { ...process.env, UPSTREAM: upstream, PORT: port, WORKERS: '2' };
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    add(child, stop);
    const workers: { pid: number; port: number }[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const [, pid, port] of text.matchAll(/worker (\d+): port (\d+)/g)) {
        workers.push({ pid: Number(pid), port: Number(port) });
      }
    });
    await until(() => workers.length === 2 || child.exitCode !== null);
    return { child, workers, port: workers[0]?.port as number };
  }

  async function stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  it('30 browsers lose and repeat nothing while each worker is killed in turn, and dead workers are replaced', async () => {
    const upstream = add(await UpstreamServer.start(), (it) => it.close());
    const { workers, port } = await start(`http://127.0.0.1:${upstream.port}/logs/stream`);
    const viewers = Array.from({ length: 30 }, () => add(new Viewer(() => port, { path }), (it) => it.leave()));
    await until(() => viewers.every(({ open }) => open));
    // One feed per worker that has browsers.
    expect((await upstream.ask('requests')).length).to.be.within(1, 2);

    await upstream.ask('run', 100);
    for (let n = 0; n < 2; n++) {
      await upstream.ask('reached', (await upstream.ask('head')).head + 20);
      process.kill(workers[n]!.pid, 'SIGKILL');
      await until(() => workers.length === 3 + n);
    }
    const { head } = await upstream.ask('hold');
    await until(() => viewers.every(({ ledger }) => (ledger.last ?? 0) >= head));
    for (const { ledger, cuts, gaps, failed } of viewers) {
      expect({ lost: ledger.lost(head), doubled: ledger.doubled, gaps, failed }).to.deep.equal({
        lost: 0,
        doubled: 0,
        gaps: [],
        failed: undefined,
      });
      expect(ledger.delivered).to.equal(head);
      expect(cuts).to.be.at.most(3);
    }
    expect(viewers.reduce((sum, { cuts }) => sum + cuts, 0)).to.be.at.least(30);
  });

  it('the cluster ends at SIGTERM, and each browser gets an end event with the reason draining', async () => {
    const upstream = add(await UpstreamServer.start(), (it) => it.close());
    const { child, port } = await start(`http://127.0.0.1:${upstream.port}/logs/stream`);
    const viewers = Array.from({ length: 6 }, () =>
      add(new Viewer(() => port, { path, patience: 10 }), (it) => it.leave()),
    );
    await until(() => viewers.every(({ open }) => open));
    await stop(child);
    expect(child.exitCode).to.equal(0);
    expect(viewers.map(({ ends }) => ends)).to.deep.equal(viewers.map(() => ['draining']));
  });

  it('docs/several-instances.md shows the example as it is; `node scripts/quote-files.mjs` updates it', () => {
    const page = currentPage('docs/several-instances.md');
    expect(quotedFiles(page)).to.deep.equal(['examples/cluster/src/server.ts']);
    expect(page).to.equal(updatedPage(page));
  });

  it('the cluster exits with code 1 if the workers can not listen', async () => {
    const upstream = add(await UpstreamServer.start(), (it) => it.close());
    // The upstream's port is in use.
    const { child } = await start('http://127.0.0.1:9', String(upstream.port));
    expect(child.exitCode).to.equal(1);
  });
});
