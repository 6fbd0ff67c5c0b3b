import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { Agent, type Dispatcher } from 'undici';
import { skip } from '../../../test/support/needs.ts';
import { Ticker } from '../src/lifecycle/ticker.ts';
import { BareFeed } from './support/bare-feed.ts';
import { flood, reader } from './support/flood.ts';
import { blackhole } from './support/hanging.ts';
import { heartbeats, stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('the timeouts of the upstream', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('connectTimeoutMs: a connect that hangs is given up, its socket destroyed, the browser refused', async function () {
    const hole = await blackhole();
    if (!hole) return skip(this, 'needs Linux: only its kernel tells which connects hang');
    add(hole, (it) => it.close());
    const proxied = await app({ target: `http://127.0.0.1:${hole.port}/`, connectTimeoutMs: 60 });
    const browser = visit(proxied.port);
    await until(() => hole.connecting() === 1);
    await until(() => browser.complete() && hole.connecting() === 0);
    expect(browser.body()).to.include('"code":"ERR_SSE_UPSTREAM_TIMEOUT"');
    expect(proxied.witness.errors[0]?.error.message).to.match(/^upstream http:\/\/[^ ]+: no connection after 60 ms$/);
    expect(proxied.proxy.stats()).to.include({ opening: 0, refused: 1, upstreamConnections: 0 });
  });

  it('headersTimeoutMs: headers that dribble without an end are given up', async () => {
    const up = await upstream((request) => {
      request.raw('HTTP/1.1 200 OK\r\nX-Endless: ');
      const dribble = setInterval(() => request.raw('x'), 5);
      request.socket.on('close', () => clearInterval(dribble));
    });
    const proxied = await app({ target: up.url, headersTimeoutMs: 60 });
    const browser = visit(proxied.port);
    await until(() => browser.complete() && up.open() === 0);
    expect(browser.body()).to.include('"code":"ERR_SSE_UPSTREAM_TIMEOUT"');
    expect(proxied.witness.errors[0]?.error.message).to.match(/^upstream http:\/\/[^ ]+: no headers after 60 ms$/);
    expect(proxied.proxy.stats()).to.include({ opening: 0, refused: 1, upstreamConnections: 0 });
  });

  it("headersTimeoutMs: applies also with the user's dispatcher, and interim responses don't extend it", async () => {
    const up = await upstream((request) => {
      const interim = setInterval(() => request.raw('HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'), 5);
      request.socket.on('close', () => clearInterval(interim));
    });
    const dispatcher = add(new Agent(), (it) => it.destroy());
    const proxied = await app({ target: up.url, headersTimeoutMs: 60, dispatcher });
    const browser = visit(proxied.port);
    await until(() => browser.complete() && up.open() === 0);
    expect(browser.body()).to.include('"code":"ERR_SSE_UPSTREAM_TIMEOUT"');
  });

  it('accepts a response after interim responses', async () => {
    const up = await upstream((request) => {
      request.raw('HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n');
      request.begin();
      request.send('data: one\n\n');
    });
    const { port } = await app({ target: up.url, retryMs: false });
    expect(await visit(port).sees('one\n\n')).to.equal('data: one\n\n');
  });

  it('idleTimeoutMs: silence cuts the browser, so that it comes back with its id', async () => {
    const { app: proxied, browser, request } = await opened({ idleTimeoutMs: 40 });
    request.send('id: 1\ndata: one\n\ndata: tw');
    await until(() => browser.closed() && request.closed());
    expect(browser.body()).to.equal('id: 1\ndata: one\n\n');
    expect(browser.complete()).to.equal(false);
    const { errors, closes } = proxied.witness;
    expect(errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_UPSTREAM_IDLE']);
    expect(closes.map((close) => close.reason)).to.deep.equal(['upstream-idle']);
  });

  it('idleTimeoutMs: if set, applies also to an upstream that never sent a byte; false, to none', async () => {
    const { app: proxied } = await opened({ idleTimeoutMs: 40 });
    const { browser, request } = await opened({ idleTimeoutMs: false, slowClient: { maxStallMs: 20 } });
    await until(() => proxied.witness.closes[0]?.reason === 'upstream-idle');
    request.send('id: 1\ndata: one\n\n');
    await browser.sees('one\n\n');
    const { app: again } = await opened({ idleTimeoutMs: 40 });
    await until(() => again.witness.closes[0]?.reason === 'upstream-idle');
    request.send('data: two\n\n');
    expect(await browser.sees('two\n\n')).to.equal('id: 1\ndata: one\n\ndata: two\n\n');
  });

  it('idleTimeoutMs: if not set, applies only to an upstream that has sent an id or a comment', async () => {
    // The default is too long for a test: feeds with a short one, which counts as not set.
    const first = ['data: no id\n\n', 'id: 1\ndata: x\n\n', ':\n'];
    const up = await upstream((request) => {
      request.begin();
      request.send(first[Number(request.line.split(' ')[1]?.slice(1))] ?? '');
    });
    const ticker = new Ticker(10);
    const feeds: BareFeed[] = [];
    for (const n of first.keys()) {
      const feed = add(new BareFeed(ticker, 40, false), (it) => it.close());
      feeds.push(feed);
      await feed.connect(up.port, `/${n}`);
      await until(() => feed.got.length > 0);
    }
    const ended = () => feeds.flatMap((feed, n) => (feed.hasEnded ? [n] : []));
    await until(() => ended().length === 2);
    expect(ended()).to.deep.equal([1, 2]);
    const silent = up.requests.find((request) => request.line.startsWith('GET /0'));
    silent?.send('data: still here\n\n');
    await until(() => feeds[0]?.got.includes('data: still here\n\n'));
  });

  it("idleTimeoutMs: a browser that does not read is not the upstream's silence", async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url, idleTimeoutMs: 60, heartbeatMs: 20 });
    const slow = add(reader(port), (it) => it.leave());
    await slow.opened();
    const sending = flood(await up.request(), 3_000, 16_384);
    await until(() => proxy.stats().bufferedBytes > 0);
    for (const n of [1, 2]) {
      const quiet = visit(port);
      await until(() => quiet.closed());
      expect(heartbeats(quiet.body())).to.be.above(0);
      expect(witness.closes).to.have.length(n);
    }
    slow.read();
    await sending;
    await until(() => slow.events() === 3_000);
    expect(slow.inOrder()).to.equal(true);
  });

  it("undici's own timeouts of headers and body are off, in its client and in the user's dispatcher", async () => {
    const created: { origin: string; headersTimeout: number; bodyTimeout: number }[] = [];
    const note = (message: unknown) => created.push((message as { request: (typeof created)[0] }).request);
    subscribe('undici:request:create', note);
    add(note, (it) => unsubscribe('undici:request:create', it));
    const asked: Dispatcher.DispatchOptions[] = [];
    const agent = add(new Agent({ bodyTimeout: 50, headersTimeout: 50 }), (it) => it.destroy());
    const dispatcher = agent.compose((dispatch) => (options, handler) => {
      asked.push(options);
      return dispatch(options, handler);
    });
    const scenes = [await opened(), await opened({ dispatcher })];
    // Other tests of this process may have requests of their own under way.
    const origins = scenes.map(({ upstream: { url } }) => new URL(url).origin);
    const ours = created.filter(({ origin }) => origins.includes(String(origin)));
    expect(ours.map(({ headersTimeout, bodyTimeout }) => [headersTimeout, bodyTimeout])).to.deep.equal([
      [0, 0],
      [0, 0],
    ]);
    expect(asked).to.have.length(1);
    expect(asked[0]).to.include({ headersTimeout: 0, bodyTimeout: 0, method: 'GET', reset: true });
  });
});
