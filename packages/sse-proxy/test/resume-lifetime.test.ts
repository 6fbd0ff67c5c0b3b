import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };
const one = 'id: 1\ndata: one\n\n';

describe('resume, seen from both ends', () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  async function watching(options: Partial<SseProxyOptions> = {}) {
    const up = await upstream();
    const proxied = await app({ target: up.url, retryMs: false, resume: quick, ...options });
    const browser = visit(proxied.port);
    const request = await up.request();
    request.begin();
    request.send(one);
    await browser.sees(one);
    return { up, proxied, browser, request, stats: () => proxied.proxy.stats() };
  }

  for (const share of [false, true]) {
    const kind = share ? 'shared' : 'dedicated';

    it(`calls upstreamHeaders at every connect, so that tokens may rotate (${kind})`, async () => {
      let token = 0;
      const { up, browser } = await watching({
        share,
        upstreamHeaders: async () => ({ Authorization: `Bearer ${++token}` }),
      });
      for (let n = 1; n < 4; n++) {
        (await up.request(n - 1)).reset();
        const again = await up.request(n);
        expect(again.headers).to.include({ authorization: `Bearer ${n + 1}`, 'last-event-id': String(n) });
        again.begin();
        again.send(`id: ${n + 1}\ndata: more\n\n`);
        await browser.sees(`id: ${n + 1}\n`);
      }
    });

    // The hook of a shared feed's browser ends that browser's stream: see share-identity.test.ts [R51].
    if (!share)
      it('keeps the stream when upstreamHeaders fails for a while (dedicated)', async () => {
        let asked = 0;
        const { up, browser, request, proxied } = await watching({
          share,
          upstreamHeaders: () => {
            asked++;
            if (asked === 2) throw new Error('no token');
            if (asked === 3) return { 'Bad Name': 'x' };
            if (asked === 4) return Promise.reject(new Error('no token either'));
            return {};
          },
        });
        request.reset();
        const again = await up.request(1);
        again.begin();
        again.send('id: 2\ndata: two\n\n');
        expect(await browser.sees('two\n\n')).to.equal(`${one}id: 2\ndata: two\n\n`);
        expect(proxied.witness.resumes[0]).to.include({ attempts: 4, browsers: 1, route: '/sse' });
      });

    for (const [status, more] of [
      ['204 No Content', ''],
      ['401 Unauthorized', 'Content-Length: 0\r\n'],
      ['403 Forbidden', 'Content-Length: 0\r\n'],
      ['410 Gone', 'Content-Length: 0\r\n'],
    ]) {
      it(`ends the stream at a ${status} on resume; the browser’s next request then gets that status (${kind})`, async () => {
        const { up, proxied, browser, request } = await watching({ share });
        const answer = `HTTP/1.1 ${status}\r\n${more}\r\n`;
        request.reset();
        (await up.request(1)).raw(answer);
        expect(await browser.sees('sse-proxy:end')).to.match(
          /^id: 1\ndata: one\n\nevent: sse-proxy:end\nretry: \d+\ndata: \{"reason":"upstream-refused","retryMs":\d+\}\n\n$/,
        );
        await until(() => browser.complete());
        const back = visit(proxied.port, '/sse', { 'Last-Event-ID': '1' });
        (await up.request(2)).raw(answer);
        await back.opened();
        expect(back.status()).to.equal(Number(status?.slice(0, 3)));
        expect(up.requests).to.have.length(3);
      });
    }

    it(`leaves nothing open when the browser leaves during the backoff (${kind})`, async () => {
      const resume = { minDelayMs: 1_000_000, maxDelayMs: 1_000_000, maxOutageMs: 2_000_000 };
      const { up, browser, request, stats } = await watching({ share: share && { lingerMs: 0 }, resume });
      request.reset();
      await until(() => stats().upstreamConnections === 0);
      browser.leave();
      await until(() => stats().open === 0 && stats().sharedFeeds === 0);
      expect([up.open(), up.requests.length]).to.deep.equal([0, 1]);
    });

    it(`leaves nothing open when the browser leaves while the resume waits for headers (${kind})`, async () => {
      const { up, browser, request, stats } = await watching({ share: share && { lingerMs: 0 } });
      request.reset();
      const again = await up.request(1);
      browser.leave();
      await until(() => again.closed() && stats().open === 0);
      expect(stats()).to.include({ upstreamConnections: 0, sharedFeeds: 0 });
    });

    it(`leaves nothing open when the browser leaves while upstreamHeaders is pending (${kind})`, async () => {
      let give = () => {};
      let asked = 0;
      const { up, browser, request, stats } = await watching({
        share: share && { lingerMs: 0 },
        upstreamHeaders: () => {
          asked++;
          if (asked === 1) return {};
          return new Promise((resolve) => {
            give = () => resolve({});
          });
        },
      });
      request.reset();
      await until(() => asked === 2);
      browser.leave();
      await until(() => stats().open === 0 && stats().sharedFeeds === 0);
      give();
      // Whatever would follow from that has its turn before another request is made and answered.
      visit(up.port, '/probe');
      await until(() => up.requests.find(({ line }) => line.includes('/probe')));
      expect(up.requests.filter(({ line }) => !line.includes('/probe'))).to.have.length(1);
      expect(stats().upstreamConnections).to.equal(0);
    });

    it(`ends a stream whose upstream stays away, with a retry time (${kind})`, async () => {
      const resume = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 30 };
      const { up, proxied, browser, request } = await watching({ share, resume });
      request.reset();
      await until(() => {
        for (const again of up.requests.slice(1)) if (!again.socket.destroyed) again.reset();
        return proxied.witness.closes[0];
      });
      expect(proxied.witness.closes[0]?.reason).to.equal('upstream-broken');
      const end = /event: sse-proxy:end\nretry: \d+\ndata: \{"reason":"upstream-broken"/;
      expect(await browser.sees('sse-proxy:end\n').then(() => browser.sees('}\n\n'))).to.match(end);
      expect(proxied.proxy.stats()).to.include({ upstreamConnections: 0, sharedFeeds: 0 });
    });
  }

  it('sends gap events after the events that transform is still working on', async () => {
    let release = () => {};
    const { up, proxied, browser, request } = await watching({
      transform: (event) => {
        if (event.data !== 'slow') return event;
        return new Promise((resolve) => {
          release = () => resolve(event);
        });
      },
    });
    const before = release;
    request.send('data: slow\n\n');
    await until(() => release !== before);
    request.reset();
    (await up.request(1)).begin();
    await until(() => proxied.witness.gaps.length === 1);
    release();
    const body = await browser.sees('sse-proxy:gap');
    expect(body).to.match(/^id: 1\ndata: one\n\ndata: slow\n\nevent: sse-proxy:gap\n/);
  });
});
