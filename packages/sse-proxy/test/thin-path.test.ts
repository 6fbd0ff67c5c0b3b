import { expect } from 'chai';
import { proxyApp } from './support/app.ts';
import { browse } from './support/browser.ts';
import { cleaner, until } from './support/until.ts';
import { rawUpstream } from './support/upstream.ts';

describe('a proxied stream', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  it('passes whole events from the upstream to the browser, and ends when the browser leaves', async () => {
    const upstream = add(await rawUpstream(), (it) => it.close());
    const app = add(await proxyApp({ target: upstream.url }), (it) => it.close());
    const browser = add(browse(app.port), (it) => it.leave());

    const request = await upstream.request();
    expect(request.line).to.equal('GET /logs/stream HTTP/1.1');
    request.begin();
    await browser.opened();
    expect(browser.status()).to.equal(200);
    await browser.sees('retry: 2000\n');

    request.send('id: 1\ndata: one\n\nid: 2\nda');
    await browser.sees('data: one\n\n');
    request.send('ta: two\n\n');
    expect(await browser.sees('data: two\n\n')).to.equal('retry: 2000\nid: 1\ndata: one\n\nid: 2\ndata: two\n\n');
    expect(app.proxy.stats()).to.include({ open: 1, opened: 1, events: 2, upstreamConnections: 1 });

    browser.leave();
    await until(() => request.closed() && app.proxy.stats().open === 0);
    expect(app.proxy.stats()).to.include({ open: 0, upstreamConnections: 0 });
    expect(app.witness.closes.map((close) => close.reason)).to.deep.equal(['browser-left']);
  });
});
