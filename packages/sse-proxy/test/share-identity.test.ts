import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

type Hook = Extract<NonNullable<SseProxyOptions['upstreamHeaders']>, (...args: never[]) => unknown>;

const resume = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };
const event = (n: number) => `id: ${n}\ndata: ${n}\n\n`;

describe('identity behind a shared feed, judged again at every connect [R51] [row 44]', () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  /** Browsers are users, named by X-User; the upstream sees what `upstreamHeaders` makes of them. */
  async function shared(upstreamHeaders: Hook, options: Partial<SseProxyOptions> = {}) {
    const calls: string[] = [];
    const up = await upstream((request) => request.begin());
    const proxied = await app({
      target: up.url,
      resume,
      retryMs: false,
      heartbeatMs: false,
      share: { join: 'live' },
      forwardHeaders: [],
      upstreamHeaders: (req) => {
        calls.push(String(req.headers['x-user']));
        return upstreamHeaders(req);
      },
      ...options,
    });
    const open = async (user: string, id = '0', more = {}) => {
      const browser = visit(proxied.port, '/sse', { 'X-User': user, 'Last-Event-ID': id, ...more });
      await browser.opened();
      return browser;
    };
    const live = () => up.requests.filter(({ socket }) => !socket.destroyed && socket.writable);
    return { up, proxied, open, calls, live, stats: () => proxied.proxy.stats() };
  }
  const seenBy = (request: UpstreamRequestSeen | undefined) => request?.headers['x-role'];

  it('keeps the feed while a token is rotated for all of its browsers', async () => {
    let token = 'one';
    const { up, open, stats } = await shared(() => ({ authorization: token }));
    const [a, b] = [await open('a'), await open('b')];
    up.requests[0]?.send(event(1));
    await Promise.all([a.sees(event(1)), b.sees(event(1))]);
    token = 'two';
    up.requests[0]?.reset();
    const again = await up.request(1);
    expect([again.headers.authorization, again.headers['last-event-id']]).to.deep.equal(['two', '1']);
    again.send(event(1) + event(2));
    for (const browser of [a, b]) expect(await browser.sees(event(2))).to.equal(event(1) + event(2));
    expect(stats()).to.include({ sharedFeeds: 1, upstreamConnections: 1 });
    const late = await open('c', '2');
    again.send(event(3));
    await late.sees(event(3));
    expect(stats()).to.include({ sharedFeeds: 1 });
  });

  it('moves a browser whose identity has changed to a feed of its own, with its id, and no other', async () => {
    const roles: Record<string, string> = { a: 'viewer', b: 'viewer', c: 'viewer' };
    const { up, open, live, stats } = await shared((req) => ({
      'x-role': roles[String(req.headers['x-user'])] as string,
    }));
    const [a, b, c] = [await open('a'), await open('b'), await open('c')];
    up.requests[0]?.send(event(1));
    await Promise.all([a, b, c].map((browser) => browser.sees(event(1))));
    roles.a = 'admin';
    up.requests[0]?.reset();
    await until(() => live().length === 2);
    for (const request of live()) {
      expect(request.headers['last-event-id']).to.equal('1');
      request.send(`id: 2\ndata: for ${seenBy(request)}\n\n`);
    }
    expect(await a.sees('data: for')).to.equal(`${event(1)}id: 2\ndata: for admin\n\n`);
    for (const browser of [b, c])
      expect(await browser.sees('data: for')).to.equal(`${event(1)}id: 2\ndata: for viewer\n\n`);
    expect(stats()).to.include({ sharedFeeds: 2, upstreamConnections: 2 });
  });

  it('reports a gap to a browser that moves to another feed with an id that can’t be sent [R24]', async () => {
    const roles: Record<string, string> = { a: 'admin', b: 'viewer', c: 'viewer' };
    const { up, open, live, proxied } = await shared((req) => ({
      'x-role': roles[String(req.headers['x-user'])] as string,
    }));
    const [a, b] = [await open('a'), await open('b'), await open('c')];
    const ofViewers = up.requests.find((request) => seenBy(request) === 'viewer');
    up.requests.find((request) => seenBy(request) === 'admin')?.send(event(1));
    ofViewers?.send('id:  1\ndata: spaced\n\n');
    await Promise.all([a.sees(event(1)), b.sees('spaced')]);
    roles.b = 'admin';
    ofViewers?.reset();
    await b.sees('"unusable-id"');
    expect(proxied.witness.gaps.filter(({ reason }) => reason === 'unusable-id')).to.not.have.length(0);
    expect(live().filter((request) => seenBy(request) === 'admin')).to.have.length(1);
    live()
      .find((request) => seenBy(request) === 'admin')
      ?.send(event(2));
    await b.sees(event(2));
  });

  it('moves a browser to the feed of its new identity where there is one', async () => {
    const roles: Record<string, string> = { a: 'admin', b: 'viewer', c: 'viewer' };
    const { up, open, live, stats } = await shared((req) => ({
      'x-role': roles[String(req.headers['x-user'])] as string,
    }));
    const [a, b, c] = [await open('a'), await open('b'), await open('c')];
    for (const request of up.requests) request.send(event(1));
    await Promise.all([a, b, c].map((browser) => browser.sees(event(1))));
    roles.b = 'admin';
    up.requests[1]?.reset();
    await until(() => up.requests.length >= 3);
    await until(() => live().length === 2);
    for (const request of live()) request.send(`id: 2\ndata: for ${seenBy(request)}\n\n`);
    for (const browser of [a, b])
      expect(await browser.sees('data: for')).to.equal(`${event(1)}id: 2\ndata: for admin\n\n`);
    expect(await c.sees('data: for')).to.include('for viewer');
    expect(stats()).to.include({ sharedFeeds: 2, upstreamConnections: 2 });
  });

  it('serves no browser from what the feed held before its identity changed', async () => {
    let role = 'tenant-a';
    const { up, open, live } = await shared((req) => ({ 'x-role': req.headers['x-user'] === 'b' ? 'tenant-b' : role }));
    const a = await open('a');
    const common = 'id: 2\ndata: hello\n\n';
    up.requests[0]?.send(`id: 1\ndata: of tenant a\n\n${common}id: 3\ndata: of tenant a too\n\n`);
    await a.sees('too');
    role = 'tenant-b';
    up.requests[0]?.reset();
    expect(seenBy(await up.request(1))).to.equal('tenant-b');
    const b = await open('b', '1');
    const request = await up.request(2);
    expect([seenBy(request), request.headers['last-event-id'], live().length]).to.deep.equal(['tenant-b', '1', 2]);
    request.send(`${common}id: 3\ndata: of tenant b\n\n`);
    expect(await b.sees('of tenant b')).to.equal(`${common}id: 3\ndata: of tenant b\n\n`);
    for (const each of live()) each.send('id: 4\ndata: of tenant b, live\n\n');
    expect(await b.sees('live')).to.equal(`${common}id: 3\ndata: of tenant b\n\nid: 4\ndata: of tenant b, live\n\n`);
  });

  it('calls the hooks of each connected browser once at a reconnect, and of none that has left', async () => {
    const { up, open, calls } = await shared(() => ({ 'x-role': 'all' }));
    const browsers = [await open('a'), await open('b'), await open('c')];
    browsers[0]?.leave();
    await until(() => up.requests.length === 1 && calls.length === 3);
    await new Promise((resolve) => setImmediate(resolve));
    calls.length = 0;
    up.requests[0]?.reset();
    await up.request(1);
    expect(calls.toSorted()).to.deep.equal(['b', 'c']);
  });

  it('calls at most 32 hooks in a turn of the event loop', async () => {
    let turn = 0;
    const turns: number[] = [];
    const { up, open } = await shared(() => {
      turns.push(turn);
      return {};
    });
    await Promise.all(Array.from({ length: 100 }, () => open('x')));
    turns.length = 0;
    const counter = setInterval(() => {}, 1_000);
    let isCounting = true;
    const count = () => {
      turn++;
      if (isCounting) setImmediate(count);
    };
    count();
    up.requests[0]?.reset();
    await up.request(1);
    isCounting = false;
    clearInterval(counter);
    const perTurn = Object.values(Object.groupBy(turns, String)).map((of) => of?.length ?? 0);
    expect(turns).to.have.length(100);
    expect(Math.max(...perTurn)).to.be.at.most(32);
  });

  for (const [how, fails] of [
    [
      'throws',
      () => {
        throw new Error('no token');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no token'))],
    ['returns no object', () => 'token'],
    ['never settles', () => new Promise(() => {})],
  ] as const) {
    it(`ends only the stream of a browser whose hook ${how}, softly`, async () => {
      let failing = false;
      const hook: Hook = (req) =>
        failing && req.headers['x-user'] === 'bad' ? (fails() as never) : { 'x-role': 'all' };
      const { up, open, proxied } = await shared(hook, { hookTimeoutMs: 300 });
      const [bad, good] = [await open('bad'), await open('good')];
      up.requests[0]?.send(event(1));
      await Promise.all([bad.sees(event(1)), good.sees(event(1))]);
      failing = true;
      up.requests[0]?.reset();
      (await up.request(1)).send(event(2));
      await good.sees(event(2));
      expect(await bad.sees('sse-proxy:end')).to.match(/"reason":"hook-failed","retryMs":\d+/);
      expect(bad.body()).to.not.include(event(2));
      await until(() => proxied.witness.closes.length === 1);
      expect(proxied.witness.closes[0]?.reason).to.equal('hook-failed');
      expect(proxied.witness.errors[0]?.error.code).to.match(/^ERR_SSE_(HOOK|HOOK_TIMEOUT|OPTION)$/);
    });
  }

  it('does not delay other browsers for a slow hook, and sends the hook’s browser everything once the hook has settled', async () => {
    let release = () => {};
    let isSlow = false;
    const { up, open } = await shared((req) =>
      isSlow && req.headers['x-user'] === 'slow'
        ? new Promise((resolve) => {
            release = () => resolve({ 'x-role': 'all' });
          })
        : { 'x-role': 'all' },
    );
    const [slow, quick] = [await open('slow'), await open('quick')];
    up.requests[0]?.send(event(1));
    await Promise.all([slow.sees(event(1)), quick.sees(event(1))]);
    isSlow = true;
    up.requests[0]?.reset();
    (await up.request(1)).send(event(2));
    await quick.sees(event(2));
    expect(slow.body()).to.equal(event(1));
    release();
    expect(await slow.sees(event(2))).to.equal(event(1) + event(2));
    expect(up.requests).to.have.length(2);
  });

  it('sends nobody to a join connection or a backfill of the former identity', async () => {
    let role = 'admin';
    const { up, open, live } = await shared(() => ({ 'x-role': role }), { share: { join: 'fresh' } });
    const a = await open('a');
    up.requests[0]?.send(event(5));
    await a.sees(event(5));
    const joined = await open('b', '');
    (await up.request(1)).send(event(6));
    await joined.sees(event(6));
    const behind = await open('c', '1');
    (await up.request(2)).send(event(2));
    await behind.sees(event(2));
    role = 'viewer';
    up.requests[0]?.reset();
    // The live feed, and a connection for each of the two that can't go on there.
    await until(() => up.requests.length === 6 && live().length === 3);
    expect(live().map(seenBy)).to.deep.equal(['viewer', 'viewer', 'viewer']);
    await open('d', '');
    await open('e', '2');
    expect(new Set(up.requests.slice(3).map(seenBy))).to.deep.equal(new Set(['viewer']));
    expect(live().map(seenBy)).to.not.include('admin');
  });

  it('calls the hook of every browser before the feed goes on, however long all of them take', async () => {
    let isDemoted = false;
    const { up, open, live } = await shared((req) => {
      const user = Number(req.headers['x-user']);
      if (!isDemoted) return { 'x-role': 'admin' };
      // Blocks: the grace time for slow hooks, which begins at the first result, is over before the last hook is
      // called.
      const end = performance.now() + (user >= 32 && user < 64 ? 40 : 0);
      while (performance.now() < end);
      return { 'x-role': user === 0 ? 'admin' : 'viewer' };
    });
    const browsers = [];
    for (let user = 0; user < 100; user++) browsers.push(await open(String(user)));
    up.requests[0]?.send(event(1));
    await Promise.all(browsers.map((browser) => browser.sees(event(1))));
    isDemoted = true;
    up.requests[0]?.reset();
    await until(() => up.requests.length === 3 && live().length === 2);
    for (const request of live()) request.send(`id: 2\ndata: for the ${seenBy(request)}\n\n`);
    const bodies = await Promise.all(browsers.map((browser) => browser.sees('for the ')));
    await Promise.all(browsers.slice(1).map((browser) => browser.sees('for the viewer')));
    expect(bodies.filter((body) => body.includes('for the admin'))).to.have.length(1);
  });

  it('calls the hooks of browsers that still catch up when the live feed reconnects, since they go on there', async () => {
    const roles: Record<string, string> = { a: 'admin', b: 'admin' };
    const { up, open, live } = await shared((req) => ({ 'x-role': roles[String(req.headers['x-user'])] as string }));
    const a = await open('a');
    up.requests[0]?.send(event(5));
    await a.sees(event(5));
    const b = await open('b', '1');
    (await up.request(1)).send(event(2));
    await b.sees(event(2));
    roles.b = 'viewer';
    up.requests[0]?.reset();
    await until(() => up.requests.length === 4 && live().length === 2);
    const moved = live().find((request) => seenBy(request) === 'viewer');
    expect([moved?.headers['last-event-id'], live().map(seenBy).toSorted()]).to.deep.equal(['2', ['admin', 'viewer']]);
    for (const request of live()) request.send(`id: 6\ndata: for the ${seenBy(request)}\n\n`);
    expect(await b.sees('for the')).to.equal(`${event(2)}id: 6\ndata: for the viewer\n\n`);
    expect(await a.sees('for the')).to.equal(`${event(5)}id: 6\ndata: for the admin\n\n`);
  });

  it('with assigned ids, serves no browser with an unknown id from frames of a former identity', async () => {
    let role = 'admin';
    const { up, open } = await shared(() => ({ 'x-role': role }), { share: { join: 'live', ids: 'assign' } });
    const a = await open('a');
    up.requests[0]?.send('data: for the admin\n\n');
    await a.sees('for the admin');
    role = 'viewer';
    up.requests[0]?.reset();
    const request = await up.request(1);
    request.send('data: for the viewer\n\n');
    await a.sees('for the viewer');
    const late = await open('late', 'unknown');
    expect(await late.sees('for the viewer')).to.not.include('for the admin');
  });

  it('calls a browser’s hook once while it is pending, though the live feed has no other browser', async () => {
    let release = () => {};
    let isSlow = false;
    const { up, open, calls, stats } = await shared((req) =>
      isSlow && req.headers['x-user'] === 'slow'
        ? new Promise((resolve) => {
            release = () => resolve({ 'x-role': 'all' });
          })
        : { 'x-role': isSlow ? 'other' : 'all' },
    );
    const [slow, quick] = [await open('slow'), await open('quick')];
    const other = await open('other');
    up.requests[0]?.send(event(1));
    await Promise.all([slow, quick, other].map((browser) => browser.sees(event(1))));
    isSlow = true;
    calls.length = 0;
    up.requests[0]?.reset();
    (await up.request(1)).send(event(2));
    await quick.sees(event(2));
    expect(calls.filter((user) => user === 'slow')).to.have.length(1);
    release();
    const moved = await up.request(2);
    moved.send(event(2));
    await slow.sees(event(2));
    for (const browser of [slow, quick, other]) browser.leave();
    up.requests[1]?.reset();
    moved.reset();
    await until(() => stats().open === 0);
  });

  it('a shared feed goes on for the other browsers when one leaves while its hook is pending', async () => {
    let isSlow = false;
    const { up, open, stats } = await shared((req) =>
      isSlow && req.headers['x-user'] === 'leaver' ? new Promise(() => {}) : { 'x-role': 'all' },
    );
    const [leaver, stayer] = [await open('leaver'), await open('stayer')];
    isSlow = true;
    up.requests[0]?.reset();
    await until(() => up.requests[0]?.closed());
    leaver.leave();
    (await up.request(1)).send(event(1));
    await stayer.sees(event(1));
    await until(() => stats().open === 1);
    expect(stats()).to.include({ sharedFeeds: 1, upstreamConnections: 1 });
  });

  it('ends only the browsers of the identity that the upstream refuses', async () => {
    const roles: Record<string, string> = { a: 'good', b: 'good' };
    const up = await upstream((request) => {
      if (request.headers['x-role'] === 'bad') request.raw('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      else request.begin();
    });
    const { open } = await shared((req) => ({ 'x-role': roles[String(req.headers['x-user'])] as string }), {
      target: up.url,
    });
    const [a, b] = [await open('a'), await open('b')];
    up.requests[0]?.send(event(1));
    await Promise.all([a.sees(event(1)), b.sees(event(1))]);
    roles.b = 'bad';
    up.requests[0]?.reset();
    expect(await b.sees('sse-proxy:end')).to.include('upstream-refused');
    const good = await until(() => up.requests.find((request, at) => at > 0 && seenBy(request) === 'good'));
    good.send(event(2));
    await a.sees(event(2));
  });

  it('calls upstreamHeaders once for all browsers with the same share.key', async () => {
    let token = 0;
    const { up, open, calls } = await shared(() => ({ authorization: `token ${++token}` }), {
      share: { key: (req) => String(req.headers['x-user'])[0] as string, join: 'live' },
    });
    const browsers = [await open('a1'), await open('a2'), await open('a3')];
    expect(up.requests).to.have.length(1);
    calls.length = 0;
    up.requests[0]?.reset();
    (await up.request(1)).send(event(1));
    await Promise.all(browsers.map((browser) => browser.sees(event(1))));
    expect(calls).to.have.length(1);
  });

  it('calls upstreamHeaders for the next browser with the same share.key if it takes a second for the first', async () => {
    let hangs = false;
    const { up, open } = await shared(
      (req) => (hangs && req.headers['x-user'] === 'a1' ? new Promise(() => {}) : { 'x-role': 'all' }),
      { share: { key: () => 'a', join: 'live' }, hookTimeoutMs: 600_000 },
    );
    const browsers = [await open('a1'), await open('a2')];
    hangs = true;
    up.requests[0]?.reset();
    (await up.request(1)).send(event(1));
    await Promise.all(browsers.map((browser) => browser.sees(event(1))));
  });

  it('moves a browser whose share.key has changed', async () => {
    const teams: Record<string, string> = { a: 'x', b: 'x' };
    const { up, open, stats } = await shared((req) => ({ 'x-role': teams[String(req.headers['x-user'])] as string }), {
      share: { key: (req) => teams[String(req.headers['x-user'])] as string, join: 'live' },
    });
    const [a, b] = [await open('a'), await open('b')];
    teams.b = 'y';
    up.requests[0]?.reset();
    await until(() => up.requests.length === 3);
    for (const request of up.requests.slice(1)) request.send(`id: 1\ndata: for ${seenBy(request)}\n\n`);
    expect(await a.sees('data: for')).to.include('for x');
    expect(await b.sees('data: for')).to.include('for y');
    expect(stats().sharedFeeds).to.equal(2);
  });

  it('counts every forwarded field in the key but language and X-Forwarded-Host and -Proto [R52]', async () => {
    const { up, open } = await shared(() => ({}), {
      share: { key: () => 'all' },
      forwardHeaders: ['x-tenant', 'accept-language', 'x-forwarded-host', 'x-forwarded-proto'],
    });
    await open('a', '0', { 'X-Tenant': '1', 'Accept-Language': 'de' });
    await open('a', '0', { 'X-Tenant': '1', 'Accept-Language': 'en', Host: 'other.example' });
    expect(up.requests).to.have.length(1);
    await open('a', '0', { 'X-Tenant': '2' });
    expect(up.requests).to.have.length(2);
  });

  it('sends no tracing fields of a browser up, so that they can’t get other browsers refused', async () => {
    const up = await upstream((request) => {
      if (/bad/.test(request.head)) request.raw('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
      else request.begin();
    });
    const { open } = await shared(() => ({ 'X-Request-Id': 'bad' }), {
      target: up.url,
      forwardHeaders: ['traceparent', 'tracestate', 'x-request-id', 'baggage', 'x-b3-traceid'],
    });
    const names = ['Traceparent', 'Tracestate', 'X-Request-Id', 'Baggage', 'X-B3-TraceId'];
    const browser = await open('a', '0', Object.fromEntries(names.map((name) => [name, 'bad'])));
    expect([browser.status(), up.requests.length]).to.deep.equal([200, 1]);
    up.requests[0]?.send(event(1));
    await browser.sees(event(1));
  });

  it('warns once when upstreamHeaders returns another Authorization at each call', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error & { code?: string }) => void warnings.push(String(warning.code));
    process.on('warning', onWarning);
    try {
      let call = 0;
      const fresh = await shared(() => ({ authorization: `token ${++call}` }));
      for (const user of ['a', 'b', 'c', 'd']) await fresh.open(user);
      await until(() => warnings.length > 0);
      const perUser = await shared((req) => ({ authorization: `token of ${req.headers['x-user']}` }));
      for (const user of ['a', 'b', 'c']) await perUser.open(user);
      await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).to.deep.equal(['SSE_PROXY_FRESH_TOKENS']);
    } finally {
      process.off('warning', onWarning);
    }
  });
});
