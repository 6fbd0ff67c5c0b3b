import { once } from 'node:events';
import type { Server } from 'node:http';
import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import type { RawBrowser } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const ended = (reason: string) =>
  new RegExp(`^event: sse-proxy:end\\nretry: (\\d+)\\ndata: \\{"reason":"${reason}","retryMs":\\1\\}\\n\\n$`);
const refused =
  /^event: sse-proxy:refused\nretry: (\d+)\ndata: \{"reason":"draining","code":"ERR_SSE_DRAINING","retryMs":\1\}\n\n$/;

/** The retry time in a body, all of which matches `whole`. */
function retryOf(browser: RawBrowser, whole: RegExp): number {
  expect(browser.body()).to.match(whole);
  return Number(whole.exec(browser.body())?.[1]);
}

/** Waits until a server has closed, then lets it listen again, so that the cleanup can close it. */
async function closes(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
  server.listen(0);
  await once(server, 'listening');
}

describe('close()', () => {
  const { clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('close() refuses new requests softly with ERR_SSE_DRAINING [row 25]', async () => {
    const { app: proxied, upstream: up } = await opened();
    await proxied.proxy.close();
    const late = visit(proxied.port);
    await until(() => late.complete());
    expect(retryOf(late, refused)).to.be.within(5_000, 10_000);
    expect(up.requests).to.have.length(1);
  });

  it('close() ends every open stream with an end event and a jittered retry time, as a complete response [row 25]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url, retryMs: false });
    const browsers = Array.from({ length: 20 }, () => visit(port));
    await until(() => witness.opens.length === 20);
    await proxy.close();
    await until(() => browsers.every((browser) => browser.closed()));
    const times = browsers.map((browser) => {
      expect(browser.complete()).to.equal(true);
      return retryOf(browser, ended('draining'));
    });
    for (const time of times) expect(time).to.be.within(5_000, 10_000);
    expect(new Set(times).size).to.be.above(10);
    expect(witness.closes.map(({ reason, error }) => [reason, error])).to.deep.equal(
      Array(20).fill(['draining', undefined]),
    );
    expect(witness.refusals).to.deep.equal([]);
    await until(() => up.open() === 0);
    expect(proxy.stats()).to.include({ open: 0, upstreamConnections: 0, draining: true });
  });

  it('close() sends whole events that were received before the end', async () => {
    const { app: proxied, browser, request } = await opened();
    request.send('id: 1\ndata: one\n\nid: 2\ndata: ha');
    await browser.sees('one\n\n');
    await proxied.proxy.close();
    await until(() => browser.closed());
    expect(browser.complete()).to.equal(true);
    expect(browser.body().split('event: sse-proxy:end')[0]).to.equal('id: 1\ndata: one\n\n');
  });

  const never = () => new Promise<never>(() => {});
  const phases: [name: string, options: Partial<SseProxyOptions>, asked: number][] = [
    ['authorize is pending', { authorize: never }, 0],
    ['the limiter is pending', { limits: { acquire: never } }, 0],
    ['target is pending', { target: never }, 0],
    ['the upstream is silent', {}, 1],
    ['the upstream of a shared feed is silent', { share: true }, 1],
  ];
  for (const [name, options, asked] of phases) {
    it(`close() refuses a request at once, whatever graceMs is, while ${name}`, async () => {
      const up = await upstream();
      const { port, proxy, witness } = await app({ target: up.url, ...options });
      const browser = visit(port);
      await until(() => proxy.stats().opening === 1 && up.requests.length === asked);
      await proxy.close({ graceMs: 2 ** 31 - 1 });
      await until(() => browser.closed());
      expect(browser.complete()).to.equal(true);
      retryOf(browser, refused);
      await until(() => up.open() === 0);
      expect(proxy.stats()).to.include({ opening: 0, open: 0, refused: 1, upstreamConnections: 0, sharedFeeds: 0 });
      expect([witness.opens.length, witness.closes.length, witness.refusals.length]).to.deep.equal([0, 0, 1]);
    });
  }

  it('close() spreads the ends over graceMs in random order [row 25]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url, retryMs: false });
    for (let n = 0; n < 30; n++) {
      visit(port);
      await until(() => witness.opens.length === n + 1);
    }
    const came = witness.opens.map(({ stream }) => stream.id);
    const closing = proxy.close({ graceMs: 300 });
    expect(proxy.stats()).to.include({ open: 30, draining: true });
    await closing;
    const left = witness.closes.map(({ stream }) => stream.id);
    expect(left).to.have.members(came).and.not.deep.equal(came);
    expect(proxy.stats().open).to.equal(0);
  });

  it('close() delivers events during the grace time, which a second close() without graceMs ends', async () => {
    const { app: proxied, browser, request } = await opened();
    let done = 0;
    const closing = proxied.proxy.close({ graceMs: 2 ** 31 - 1 }).then(() => done++);
    const late = visit(proxied.port);
    await until(() => late.complete());
    request.send('data: still here\n\n');
    expect(await browser.sees('here\n\n')).to.equal('data: still here\n\n');
    expect([done, proxied.proxy.stats().open]).to.deep.equal([0, 1]);
    await proxied.proxy.close();
    await closing;
    await until(() => browser.closed());
    expect(browser.body()).to.include('event: sse-proxy:end\n');
    await proxied.proxy.close();
    expect(done).to.equal(1);
  });

  it('close() resolves only when every response is closed', async () => {
    const up = await upstream((request) => request.begin());
    const counts = { responses: 0, closed: 0 };
    const { port, proxy, witness } = await app(
      { target: up.url, authorize: (req) => (req.headers['x-waits'] ? never() : true) },
      {
        before: (express) =>
          express.use((_, res, next) => {
            counts.responses++;
            res.on('close', () => counts.closed++);
            next();
          }),
      },
    );
    for (let n = 0; n < 5; n++) visit(port);
    for (let n = 0; n < 5; n++) visit(port, '/sse', { 'X-Waits': '1' });
    await until(() => witness.opens.length === 5 && proxy.stats().opening === 5);
    await proxy.close();
    expect(counts).to.deep.equal({ responses: 10, closed: 10 });
  });

  it('close() lets server.close() complete although browsers would keep their connections [row 25]', async () => {
    const { app: proxied, browser } = await opened();
    // Only the proxy closes kept connections.
    proxied.server.keepAliveTimeout = 0;
    const silent = visit(proxied.port);
    await until(() => proxied.proxy.stats().opening === 1);
    const closed = closes(proxied.server);
    await proxied.proxy.close();
    await closed;
    await until(() => browser.closed() && silent.closed());
    expect([browser.complete(), silent.complete()]).to.deep.equal([true, true]);
  });

  it('close() closes shared feeds, also one that lingers', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url, share: { lingerMs: 600_000 } });
    const [stays, leaves] = [visit(port), visit(port, '/sse', { Authorization: 'other' })];
    await until(() => witness.opens.length === 2);
    leaves.leave();
    await until(() => proxy.stats().open === 1);
    expect(proxy.stats()).to.include({ sharedFeeds: 2, upstreamConnections: 2 });
    await proxy.close();
    expect(proxy.stats()).to.include({ sharedFeeds: 0, upstreamConnections: 0, open: 0 });
    await until(() => stays.closed() && up.open() === 0);
  });

  it('close() resolves at once if no stream is open, and closes the lingering feed', async () => {
    const { app: proxied, browser, upstream: up } = await opened({ share: { lingerMs: 600_000 } });
    browser.leave();
    await until(() => proxied.proxy.stats().open === 0);
    await proxied.proxy.close({ graceMs: 2 ** 31 - 1 });
    await proxied.proxy.close({ graceMs: 2 ** 31 - 1 });
    await until(() => up.open() === 0);
    expect(proxied.proxy.stats()).to.include({ sharedFeeds: 0, draining: true });
  });

  it('close() sets stats().draining', async () => {
    const { proxy } = await app({ target: 'http://127.0.0.1:1/' });
    expect(proxy.stats().draining).to.equal(false);
    const closing = proxy.close();
    expect(proxy.stats().draining).to.equal(true);
    await closing;
    expect(proxy.stats().draining).to.equal(true);
  });

  for (const share of [false, true]) {
    for (const [retryMs, least, most] of [
      [1_234, 1_234, 1_234],
      [false, 5_000, 10_000],
    ] as const) {
      it(`maxDurationMs ends a stream with a retry time (${share ? 'shared' : 'dedicated'}, retryMs ${retryMs})`, async () => {
        const scene = await opened({ maxDurationMs: 20, retryMs, share, heartbeatMs: false });
        const { app: proxied, browser, upstream: up } = scene;
        await until(() => browser.complete() && proxied.witness.closes.length > 0);
        const body = browser.body().replace(/^retry: 1234\n/, '');
        expect(Number(ended('max-duration').exec(body)?.[1]), body).to.be.within(least, most);
        const [close] = proxied.witness.closes;
        expect([close?.reason, close?.error]).to.deep.equal(['max-duration', undefined]);
        if (!share) await until(() => up.open() === 0);
        const again = visit(proxied.port, '/sse', { 'Last-Event-ID': '7' });
        if (!share) (await up.request(1)).begin();
        else (await until(() => up.requests.find(({ headers }) => headers['last-event-id'] === '7'))).begin();
        await until(() => proxied.witness.opens.length === 2);
        expect((await again.opened()).status()).to.equal(200);
        expect(proxied.witness.opens[1]?.stream.resumed).to.equal(true);
      });
    }
  }
});
