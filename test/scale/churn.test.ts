import { expect } from 'chai';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { haveReached, openStream } from './support/browsers.ts';
import { type Child, startChild } from './support/child.ts';
import { fdShortage } from './support/limits.ts';
import type { ProxyAnswers } from './support/proxy.ts';
import type { UpstreamAnswers } from './support/upstream.ts';

const batch = { opening: 200, abandoned: 50 };
const warmUpOpens = 1_000;
const measuredOpens = 3_000;
/** About 140 bytes per connection: less than anything that a connection could leave behind. */
const heapGrowthBytes = 512 * 1024;

const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)} MiB`;

describe('3,000 opens and closes', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  /**
   * Opens and closes `opens` streams in batches. In each batch, some more are abandoned in a random phase.
   *
   * @returns number of connections
   */
  async function churn(port: number, opens: number): Promise<number> {
    let connections = 0;
    for (let opened = 0; opened < opens; opened += batch.opening) {
      const streams = Array.from({ length: batch.opening }, (_, n) => openStream(port, `${opened + n}`));
      const abandoned = Array.from({ length: batch.abandoned }, (_, n) => openStream(port, `abandoned-${opened + n}`));
      const all = [...streams, ...abandoned];
      connections += all.length;
      try {
        await until(() => abandoned.every(({ asked }) => asked));
        for (const browser of abandoned) browser.leave();
        await haveReached(streams, 0);
        for (const { stream, events } of streams) expect(events).to.deep.equal([`${stream} 0`]);
      } finally {
        for (const [n, browser] of all.entries()) browser.leave(n % 2 ? 'reset' : 'close');
      }
      await until(() => all.every(({ over }) => over));
    }
    return connections;
  }

  async function settled(upstream: Child<UpstreamAnswers>, proxy: Child<ProxyAnswers>, connections: number) {
    await proxy.ask('quiet', connections);
    await upstream.ask('emptied');
    return proxy.ask('leftovers');
  }

  it('3,000 opens and closes leave no file descriptor, listener, handle or memory behind [R42]', async function () {
    this.timeout(600_000);
    const all = batch.opening + batch.abandoned;
    // Two batches may overlap, with two sockets per stream.
    expect(fdShortage(4 * all + 100)).to.equal(undefined);
    const stop = (it: { stop(): Promise<void> }) => it.stop();
    const upstream = add(await startChild<UpstreamAnswers>('upstream.ts'), stop);
    const target = `http://127.0.0.1:${upstream.port}/logs/stream`;
    // V8 discards unused bytecode after a while, which would hide retained memory.
    const options = ['--expose-gc', '--no-flush-bytecode'];
    const proxy = add(await startChild<ProxyAnswers>('proxy.ts', [target], options), stop);
    const start = await settled(upstream, proxy, 0);

    const warmUp = await churn(proxy.port, warmUpOpens);
    const before = await settled(upstream, proxy, warmUp);
    const startedAt = performance.now();
    const connections = warmUp + (await churn(proxy.port, measuredOpens));
    const seconds = (performance.now() - startedAt) / 1_000;
    const after = await settled(upstream, proxy, connections);
    const stats = await proxy.ask('stats');

    const abandoned = connections - warmUp - measuredOpens;
    console.log(`      ${measuredOpens} streams opened and closed, ${abandoned} abandoned: ${seconds.toFixed(1)} s`);
    console.log(`      file descriptors: ${start.fds} at the start, ${before.fds} before, ${after.fds} after`);
    console.log(
      `      active resources: ${JSON.stringify(before.resources)} before, ${JSON.stringify(after.resources)} after`,
    );
    const growth = after.heapBytes - before.heapBytes;
    console.log(
      `      heap after collection: ${mib(before.heapBytes)} before, ${mib(after.heapBytes)} after, ${mib(growth)} more`,
    );

    expect(stats.opened).to.be.at.least(warmUpOpens + measuredOpens);
    expect(stats).to.include({ open: 0, opening: 0, upstreamConnections: 0, bufferedBytes: 0, refused: 0, evicted: 0 });
    for (const what of ['fds', 'resources', 'processListeners', 'serverListeners'] as const) {
      expect(before[what], `${what} after the first ${warmUpOpens}`).to.deep.equal(start[what]);
      expect(after[what], `${what} after ${measuredOpens} more`).to.deep.equal(start[what]);
    }
    expect(growth).to.be.below(heapGrowthBytes);
  });
});
