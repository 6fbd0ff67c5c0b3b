import { expect } from 'chai';
import type { Response } from 'express';
import { proxyApp } from '../../packages/sse-proxy/test/support/app.ts';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { rawUpstream } from '../../packages/sse-proxy/test/support/upstream.ts';
import { needs } from '../support/needs.ts';
import { launchBrowser, type RealBrowser } from './support/browser.ts';

const page = `<!doctype html><title>stream</title><script>
  window.seen = [];
  const events = new EventSource('/sse');
  events.onopen = () => seen.push('open');
  events.onerror = () => seen.push(events.readyState === EventSource.CONNECTING ? 'lost' : 'given up');
  events.onmessage = ({ data }) => seen.push(data);
</script>`;

describe('an upstream that dies in mid-stream, without resume, in a real Chromium', () => {
  needs('chromium');
  const { add, clean } = cleaner();
  let chromium: RealBrowser;
  before(async () => {
    chromium = await launchBrowser();
  });
  afterEach(clean);
  after(() => chromium?.close());

  for (const [death, die] of [
    ['is reset', 'reset'],
    ['ends', 'end'],
  ] as const) {
    it(`EventSource fails at once and reconnects with its id when the upstream ${death} and resume is off [R3]`, async () => {
      const upstream = add(await rawUpstream(), (it) => it.close());
      const app = add(
        await proxyApp(
          { target: upstream.url, resume: false, retryMs: 50 },
          { before: (server) => server.use('/page', (_, res: Response) => void res.type('html').send(page)) },
        ),
        (it) => it.close(),
      );
      const tab = add(await chromium.browser.newPage(), (it) => it.close());
      tab.setDefaultTimeout(100_000);
      await tab.goto(`http://127.0.0.1:${app.port}/page`);

      const first = await upstream.request(0);
      first.begin();
      first.send('id: 1\ndata: one\n\nid: 2\ndata: tw');
      await tab.waitForFunction('seen.includes("one")');
      first[die]();
      await tab.waitForFunction('seen.includes("lost")');
      const second = await upstream.request(1);
      expect(second.headers['last-event-id']).to.equal('1');
      second.begin();
      second.send('id: 2\ndata: two\n\n');
      await tab.waitForFunction('seen.includes("two")');
      expect(await tab.evaluate('seen')).to.deep.equal(['open', 'one', 'lost', 'open', 'two']);
      await until(() => app.proxy.stats().open === 1 && app.proxy.stats().upstreamConnections === 1);
    });
  }
});
