import { expect } from 'chai';
import type { SseProxyOptions } from '../src/types.ts';
import { reader } from './support/flood.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const event = (n: number) => `id: ${n}\ndata: ${n}\n\n`;
const many = (count: number) => Array.from({ length: count }, (_, n) => event(n + 1)).join('');
const dataOf = (body: string) => [...body.matchAll(/^data: (\d+)$/gm)].map(([, data]) => Number(data));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe('the end of a shared feed [row 38]', () => {
  const { add, upstream, app, visit, clean } = stage();
  afterEach(clean);

  const share: Record<string, SseProxyOptions['share']> = { upstream: true, assign: { ids: 'assign' } };
  for (const ids of ['upstream', 'assign']) {
    for (const how of ['end', 'reset'] as const) {
      it(`the end of a shared feed comes after everything that was read, for 100 browsers that waited (ids: ${ids}, ${how})`, async () => {
        const up = await upstream();
        const proxied = await app({ target: up.url, resume: false, retryMs: false, share: share[ids] ?? true });
        const browsers = Array.from({ length: 100 }, () => visit(proxied.port));
        await until(() => proxied.proxy.stats().opening === 100);
        const request = await up.request();
        request.begin();
        request.send(many(50));
        if (how === 'end') request.end();
        else {
          await until(() => dataOf(browsers[0]?.body() ?? '').length > 0);
          request.reset();
        }
        for (const browser of browsers) {
          await until(() => browser.complete() || browser.closed());
          expect(dataOf(browser.body())).to.deep.equal(upTo(50));
        }
        expect(proxied.proxy.stats()).to.include({ open: 0, sharedFeeds: 0, upstreamConnections: 0 });
      });
    }
  }

  it('the end of a shared feed comes after everything for browsers behind a slow transform', async () => {
    const release: (() => void)[] = [];
    const up = await upstream();
    const proxied = await app({
      target: up.url,
      resume: false,
      retryMs: false,
      share: true,
      transform: (data) => new Promise((resolve) => release.push(() => resolve(data))),
    });
    const browser = visit(proxied.port);
    const request = await up.request();
    request.begin();
    request.send(many(5));
    request.end();
    for (let n = 1; n <= 5; n++) {
      await until(() => release.length === n);
      expect(browser.complete()).to.equal(false);
      release[n - 1]?.();
    }
    await until(() => browser.complete());
    expect(dataOf(browser.body())).to.deep.equal(upTo(5));
  });

  it('the end of a shared feed comes after everything for a browser that reads slowly, and a new one opens a new feed meanwhile', async () => {
    const up = await upstream();
    const proxied = await app({
      target: up.url,
      resume: false,
      retryMs: false,
      share: { replay: { maxBytes: 64_000_000 } },
      slowClient: { maxBufferedBytes: 64_000_000 },
    });
    const [slow, quick] = [reader(proxied.port), reader(proxied.port)].map((it) => add(it, () => it.leave()));
    if (!slow || !quick) throw new Error('not reached');
    await until(() => proxied.proxy.stats().opening === 2);
    const request = await up.request();
    request.begin();
    await Promise.all([slow.opened(), quick.opened()]);
    quick.read();
    const filler = 'x'.repeat(16_000);
    const count = 800;
    for (let n = 0; n < count; n++) request.send(`id: ${n}\ndata: ${n} ${filler}\n\n`);
    request.end();
    await until(() => quick.complete());
    expect([quick.events(), slow.complete()]).to.deep.equal([count, false]);
    const next = visit(proxied.port);
    (await up.request(1)).begin();
    await next.opened();
    slow.read();
    await until(() => slow.complete() || slow.closed());
    expect([slow.events(), slow.complete()]).to.deep.equal([count, true]);
  });
});

describe('a ring that is smaller than a burst', () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  for (const [name, transform] of [
    ['a transform', (data: { data: string }) => data],
    ['an asynchronous transform', async (data: { data: string }) => data],
  ] as const) {
    it(`a ring that is smaller than a burst lets browsers catch up through ${name}, since what arrives in one turn does not count`, async () => {
      const up = await upstream((request) => {
        request.begin();
        request.send(many(2_000));
      });
      const proxied = await app({ target: up.url, retryMs: false, share: { replay: { maxEvents: 20 } }, transform });
      const browsers = [
        visit(proxied.port, '/sse', { 'Last-Event-ID': '0' }),
        visit(proxied.port, '/sse', { 'Last-Event-ID': '0' }),
      ];
      for (const browser of browsers) expect(dataOf(await browser.sees(event(2_000)))).to.deep.equal(upTo(2_000));
      expect([proxied.witness.evictions, up.requests.length]).to.deep.equal([[], 1]);
    });
  }
});

describe('an event that is larger than the ring of a shared feed', () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  for (const [name, options] of [
    ['bytes', {}],
    ['a transform', { transform: (data: { data: string }) => data }],
    ['ids of the proxy', { share: { ids: 'assign', replay: { maxBytes: 10 } } }],
  ] as const) {
    it(`an event larger than the ring reaches the browsers at the tip as ${name}`, async () => {
      const up = await upstream((request) => request.begin());
      const small = { target: up.url, retryMs: false, share: { replay: { maxBytes: 10 } } } as const;
      const proxied = await app({ ...small, ...options });
      const browsers = [visit(proxied.port), visit(proxied.port)];
      for (const browser of browsers) await browser.opened();
      up.requests[0]?.send(`id: 1\ndata: ${'x'.repeat(100)}\n\n${event(2)}`);
      for (const browser of browsers) expect(await browser.sees('data: 2\n\n')).to.include('x'.repeat(100));
    });
  }
});

describe('events that share an id, behind a shared feed [R35] [R36] [row 36]', () => {
  const { upstream, app, visit, clean } = stage();
  afterEach(clean);

  it('events that share an id are all delivered to a browser that comes back with that id, without a gap', async () => {
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, retryMs: false, share: { join: 'live' } });
    const stays = visit(proxied.port);
    await stays.opened();
    const send = (data: string, id: number) => up.requests[0]?.send(`id: ${id}\ndata: ${data}\n\n`);
    send('a', 1);
    send('b', 2);
    await stays.sees('data: b');
    for (const data of ['c', 'd']) send(data, 2);
    send('e', 3);
    await stays.sees('data: e');
    const back = visit(proxied.port, '/sse', { 'Last-Event-ID': '2' });
    const body = await back.sees('data: e');
    expect(body).to.equal('id: 2\ndata: b\n\nid: 2\ndata: c\n\nid: 2\ndata: d\n\nid: 3\ndata: e\n\n');
    expect([proxied.witness.gaps, up.requests.length]).to.deep.equal([[], 1]);
  });
});

describe('ids that restart while a browser is away from a shared feed [row 37]', () => {
  const { upstream, app, visit, clean } = stage({ resume: { minDelayMs: 1, maxDelayMs: 5 }, retryMs: false });
  afterEach(clean);

  for (const [how, isCut] of [
    ['after a restart of the upstream', true],
    ['on a live connection', false],
  ] as const) {
    it(`ids that restart bring a returning browser everything since, with a gap, ${how}`, async () => {
      const up = await upstream((request) => request.begin());
      const proxied = await app({ target: up.url, share: { join: 'live', replay: { maxEvents: 4 } } });
      const stays = visit(proxied.port);
      await stays.opened();
      up.requests[0]?.send(many(9));
      await stays.sees(event(9));
      if (isCut) up.requests[0]?.reset();
      const request = await up.request(isCut ? 1 : 0);
      for (let n = 1; n <= 3; n++) request.send(`id: ${n}\ndata: new ${n}\n\n`);
      await stays.sees('new 3');
      const body = await visit(proxied.port, '/sse', { 'Last-Event-ID': '3' }).sees('new 3');
      expect(body).to.match(
        /^event: sse-proxy:gap\ndata: \{"reason":"ids-restarted".*\n\n[\s\S]*new 1\n\n[\s\S]*new 2/,
      );
      expect(up.requests).to.have.length(isCut ? 2 : 1);
    });
  }
});
