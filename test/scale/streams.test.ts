import { expect } from 'chai';
import { cleaner } from '../../packages/sse-proxy/test/support/until.ts';
import { haveReached, openStream } from './support/browsers.ts';
import { startChild } from './support/child.ts';
import { fdShortage } from './support/limits.ts';
import type { ProxyAnswers } from './support/proxy.ts';
import type { UpstreamAnswers } from './support/upstream.ts';

const browserCount = 1_000;
const eventCount = 50;

function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1_000).toFixed(1)} s`;
}

describe('1,000 streams at once through one proxy process', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  it('1,000 browsers get every event exactly once, and the upstream is released when they leave [R40]', async () => {
    // The proxy needs two sockets per stream, and some more.
    expect(fdShortage(2 * browserCount + 100)).to.equal(undefined);
    const stop = (it: { stop(): Promise<void> }) => it.stop();
    const upstream = add(await startChild<UpstreamAnswers>('upstream.ts'), stop);
    const target = `http://127.0.0.1:${upstream.port}/logs/stream`;
    const proxy = add(await startChild<ProxyAnswers>('proxy.ts', [target]), stop);

    const openedAt = performance.now();
    const names = Array.from({ length: browserCount }, (_, n) => `b${n}`);
    const browsers = names.map((name) => add(openStream(proxy.port, name), (it) => it.leave()));
    await haveReached(browsers, 0);
    console.log(`      ${browserCount} streams open, each with its first event, after ${secondsSince(openedAt)}`);
    expect(await upstream.ask('counts')).to.include({ requests: browserCount, open: browserCount });
    expect(await proxy.ask('stats')).to.include({ open: browserCount, upstreamConnections: browserCount });

    const sentAt = performance.now();
    await upstream.ask('emit', eventCount - 1);
    await haveReached(browsers, eventCount - 1);
    // A repeat of an earlier event would arrive before this one.
    await upstream.ask('emit', 1);
    await haveReached(browsers, eventCount);
    const received = browsers.reduce((sum, { events }) => sum + events.length, 0);
    console.log(`      ${received} events received, all but the first of each within ${secondsSince(sentAt)}`);
    for (const { stream, status, events } of browsers) {
      const sent = Array.from({ length: eventCount + 1 }, (_, sequence) => `${stream} ${sequence}`);
      expect({ stream, status, events }).to.deep.equal({ stream, status: 200, events: sent });
    }

    for (const [n, browser] of browsers.entries()) browser.leave(n % 2 ? 'reset' : 'close');
    const leftAt = process.hrtime.bigint();
    const goneAfterMs = Number((await upstream.ask('emptied')) - leftAt) / 1e6;
    console.log(
      `      all ${browserCount} upstream connections gone ${goneAfterMs.toFixed(0)} ms after the browsers left`,
    );
    expect(await upstream.ask('counts')).to.deep.equal({ requests: browserCount, open: 0, mostOpen: browserCount });
    await proxy.ask('quiet', browserCount);
    const written = browserCount * (eventCount + 1);
    expect(await proxy.ask('stats')).to.include({ open: 0, opened: browserCount, refused: 0, events: written });
  });
});
