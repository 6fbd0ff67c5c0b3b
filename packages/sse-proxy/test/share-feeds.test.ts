import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };
const event = (n: number) => `id: ${n}\ndata: ${n}\n\n`;

describe('shared feed', () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  async function shared(share: SseProxyOptions['share'] = true, options: Partial<SseProxyOptions> = {}) {
    const up = await upstream();
    const proxied = await app({ target: up.url, resume: quick, retryMs: false, share, ...options });
    const open = (id?: string) => visit(proxied.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id });
    return { up, proxied, open, stats: () => proxied.proxy.stats() };
  }

  it('opens one upstream connection for 200 browsers that come at once [R51]', async () => {
    // However long it takes until all of them have come.
    const { up, open, stats } = await shared(true, { openAfterMs: false });
    const browsers = Array.from({ length: 200 }, () => open());
    await until(() => stats().opening === 200);
    const request = await up.request();
    request.begin();
    request.send(event(1));
    await Promise.all(browsers.map((browser) => browser.sees(event(1))));
    expect(up.requests).to.have.length(1);
    expect(stats()).to.include({ open: 200, upstreamConnections: 1, sharedFeeds: 1 });
  });

  for (const [answer, status, told] of [
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 403, 'ERR_SSE_UPSTREAM_REFUSED'],
    ['HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    ['HTTP/1.1 503 Busy\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n', 200, 'ERR_SSE_UPSTREAM_BUSY'],
    ['HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n', 502, 'ERR_SSE_UPSTREAM_NOT_SSE'],
  ] as const) {
    it(`responds with ${status} to all waiting browsers when the shared feed's first request fails`, async () => {
      const { up, proxied, open, stats } = await shared();
      const browsers = Array.from({ length: 5 }, () => open());
      await until(() => stats().opening === 5);
      (await up.request()).raw(answer);
      for (const browser of browsers) {
        await browser.opened();
        expect(browser.status()).to.equal(status);
        if (told) expect(await browser.sees(told)).to.include(told);
      }
      expect(up.requests).to.have.length(1);
      await until(() => proxied.witness.refusals.length === 5 && stats().sharedFeeds === 0);
      expect(stats().upstreamConnections).to.equal(0);

      const later = open();
      const second = await up.request(1);
      second.begin();
      second.send(event(1));
      await later.sees(event(1));
    });
  }

  it('keeps a shared feed when the browser that opened it leaves', async () => {
    const { up, proxied, open, stats } = await shared();
    const one = open();
    await until(() => stats().opening === 1);
    const two = open();
    await until(() => stats().opening === 2);
    one.leave();
    await until(() => stats().opening === 1);
    const request = await up.request();
    request.begin();
    request.send(event(1));
    await two.sees(event(1));
    request.reset();
    const again = await up.request(1);
    again.begin();
    again.send(event(2));
    expect(await two.sees(event(2))).to.equal(event(1) + event(2));
    expect(proxied.witness.resumes).to.have.length(1);
    expect(proxied.witness.resumes[0]).to.include({ route: '/sse', attempts: 1, browsers: 1 });
  });

  it('keeps a shared feed for lingerMs, and replays to a browser that returns in time what it missed', async () => {
    const { up, open, stats } = await shared({ lingerMs: 100_000 });
    const one = open();
    const request = await up.request();
    request.begin();
    request.send(event(1));
    await one.sees(event(1));
    one.leave();
    await until(() => stats().open === 0);
    expect(stats()).to.include({ upstreamConnections: 1, sharedFeeds: 1 });
    request.send(event(2));
    const back = open('1');
    request.send(event(3));
    expect(await back.sees(event(3))).to.equal(event(2) + event(3));
    expect(up.requests).to.have.length(1);
  });

  for (const lingerMs of [0, 20]) {
    it(`closes a shared feed ${lingerMs} ms after its last browser has left, and leaves nothing open [R40]`, async () => {
      const { up, open, stats } = await shared({ lingerMs });
      const browsers = [open(), open()];
      const request = await up.request();
      request.begin();
      await Promise.all(browsers.map((browser) => browser.opened()));
      browsers[0]?.leave();
      await until(() => stats().open === 1);
      request.send(event(1));
      await browsers[1]?.sees(event(1));
      expect(stats().sharedFeeds).to.equal(1);
      browsers[1]?.leave();
      await until(() => request.closed());
      expect(stats()).to.include({ open: 0, upstreamConnections: 0, sharedFeeds: 0 });
    });
  }

  it('aborts the first request of a shared feed when all waiting browsers have left [R40]', async () => {
    const { up, open, stats } = await shared({ lingerMs: 0 });
    const browsers = [open(), open()];
    const request = await up.request();
    await until(() => stats().opening === 2);
    for (const browser of browsers) browser.leave();
    await until(() => request.closed() && stats().sharedFeeds === 0);
    expect(stats()).to.include({ opening: 0, upstreamConnections: 0 });
  });

  it('closes lingering feeds with close()', async () => {
    const { up, proxied, open, stats } = await shared({ lingerMs: 100_000 });
    const one = open();
    const request = await up.request();
    request.begin();
    await one.opened();
    one.leave();
    await until(() => stats().open === 0 && stats().sharedFeeds === 1);
    await proxied.proxy.close();
    await until(() => request.closed());
    expect(stats()).to.include({ upstreamConnections: 0, sharedFeeds: 0 });
  });

  it('ends the browsers of a shared feed, and drops its ring, when the upstream refuses a resume for good [row 13]', async () => {
    const { up, proxied, open, stats } = await shared();
    const browsers = [open(), open()];
    const request = await up.request();
    request.begin();
    request.send(event(1));
    await Promise.all(browsers.map((browser) => browser.sees(event(1))));
    request.reset();
    (await up.request(1)).raw('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    for (const browser of browsers)
      expect(await browser.sees('sse-proxy:end')).to.include('"reason":"upstream-refused"');
    await until(() => proxied.witness.closes.length === 2 && stats().sharedFeeds === 0);
    const back = open('1');
    expect((await up.request(2)).headers['last-event-id']).to.equal('1');
    (await up.request(2)).raw('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    await back.opened();
    expect(back.status()).to.equal(403);
  });

  it('ends only the stream of the browser that authorize refuses later [R58]', async () => {
    let banned = '';
    const { up, proxied, open } = await shared(true, {
      authorize: (req) => req.headers['last-event-id'] !== banned,
      reauthorizeMs: 20,
    });
    open('0');
    const request = await up.request();
    request.begin();
    request.send(event(1));
    const [good, bad] = [open('0'), open('1')];
    await Promise.all([good.sees(event(1)), bad.opened()]);
    banned = '1';
    expect(await bad.sees('sse-proxy:end')).to.include('"reason":"unauthorized"');
    await until(() => bad.complete());
    request.send(event(2));
    await good.sees(event(2));
    expect(proxied.witness.closes.map(({ reason }) => reason)).to.deep.equal(['unauthorized']);
    expect(up.requests).to.have.length(1);
  });

  it('replays gap events at the place where they happened', async () => {
    const { up, proxied, open } = await shared();
    const one = open();
    const request = await up.request();
    request.begin();
    request.send(`${event(1)}data: no id\n\n`);
    await one.sees('no id\n\n');
    request.reset();
    const again = await up.request(1);
    again.begin();
    again.send(event(2));
    const body = await one.sees(event(2));
    expect(body).to.match(/no id\n\nevent: sse-proxy:gap\ndata: \{"reason":"no-ids",.*\}\n\nid: 2\n/);
    expect(await open('1').sees(event(2))).to.equal(body.slice(event(1).length));
    expect(
      await open('2')
        .opened()
        .then((browser) => browser.body()),
    ).to.equal('');
    expect(proxied.witness.gaps).to.have.length(1);
  });

  it('runs transform for each browser of a shared feed, without delaying the others', async () => {
    const slow = new Map<string, () => void>();
    const { up, open } = await shared(true, {
      transform: (data, stream) => {
        const name = String(stream.req.headers['last-event-id']);
        const changed = { ...data, data: `${data.data} for ${name}` };
        if (name !== 'slow' && name !== '0') return changed;
        return new Promise((resolve) => slow.set(`${name}:${data.id}`, () => resolve(changed)));
      },
    });
    const first = open('0');
    const request = await up.request();
    request.begin();
    request.send(event(1) + event(2));
    await until(() => slow.has('0:1'));
    const quick = open('1');
    const text = await quick.sees('data: 2 for 1\n\n');
    expect(text).to.equal('id: 2\ndata: 2 for 1\n\n');
    expect(first.body()).to.equal('');
    slow.get('0:1')?.();
    await until(() => slow.has('0:2'));
    slow.get('0:2')?.();
    expect(await first.sees('2 for 0\n\n')).to.equal('id: 1\ndata: 1 for 0\n\nid: 2\ndata: 2 for 0\n\n');
  });

  it('never has more upstream connections than limits.upstreams, however many keys one user makes up [R53] [row 45]', async () => {
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, share: true, retryMs: false, limits: { total: 20, upstreams: 5 } });
    const come = (n: number) => visit(proxied.port, '/sse', { 'Accept-Language': `x-${n}` });
    for (let n = 0; n < 60; n++) {
      const browser = await come(n).opened();
      expect(proxied.proxy.stats().upstreamConnections).to.be.at.most(5);
      browser.leave();
      await until(() => proxied.proxy.stats().open === 0);
    }
    const held = await Promise.all(Array.from({ length: 5 }, (_, n) => come(100 + n).opened()));
    expect(await come(200).sees('sse-proxy:refused')).to.include('ERR_SSE_LIMIT_UPSTREAMS');
    expect(proxied.proxy.stats()).to.include({ open: 5, upstreamConnections: 5 });
    held[0]?.leave();
    await until(() => proxied.proxy.stats().open === 4);
    expect((await come(201).opened()).body()).to.not.include('refused');
  });
});
