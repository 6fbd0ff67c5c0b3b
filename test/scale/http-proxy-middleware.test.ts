import { expect } from 'chai';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { haveReached, openStream } from './support/browsers.ts';
import { startChild } from './support/child.ts';
import type { HttpProxyMiddlewareAnswers } from './support/http-proxy-middleware.ts';
import type { UpstreamAnswers } from './support/upstream.ts';

const itsLimit = 256;

describe('http-proxy-middleware with its defaults', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  it('http-proxy-middleware lets the 257th browser hang while 256 are open', async () => {
    const stop = (it: { stop(): Promise<void> }) => it.stop();
    const upstream = add(await startChild<UpstreamAnswers>('upstream.ts'), stop);
    const target = `http://127.0.0.1:${upstream.port}`;
    const proxy = add(await startChild<HttpProxyMiddlewareAnswers>('http-proxy-middleware.ts', [target]), stop);

    const names = Array.from({ length: itsLimit }, (_, n) => `b${n}`);
    const browsers = names.map((name) => add(openStream(proxy.port, name), (it) => it.leave()));
    await haveReached(browsers, 0);
    const late = add(openStream(proxy.port, 'late'), (it) => it.leave());
    await proxy.ask('received', itsLimit + 1);

    // Two events arrive at the other browsers, so the 257th stream would have arrived too if it had been requested.
    for (const sequence of [1, 2]) {
      await upstream.ask('emit', 1);
      await haveReached(browsers, sequence);
      expect((await upstream.ask('counts')).requests).to.equal(itsLimit);
      expect(late).to.include({ asked: true, over: false, status: undefined });
    }

    browsers[0]?.leave();
    await until(() => late.events.length > 0);
    expect(late.status).to.equal(200);
    expect((await upstream.ask('counts')).requests).to.equal(itsLimit + 1);
  });
});
