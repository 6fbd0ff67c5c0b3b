import { expect } from 'chai';
import { SseProxyError, type SseProxyErrorCode, type SseProxyErrorDetails } from '../src/errors.ts';
import { clock } from './support/clock.ts';
import { settle } from './support/registry.ts';
import { feedWith } from './support/scripted.ts';

const day = 86_400_000;

/** On a clock that the tests turn. */
describe('a feed that lost its upstream', () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  const refusal = (code: SseProxyErrorCode, details?: SseProxyErrorDetails) => new SseProxyError(code, details);

  /** A feed that had event 1, and whose connection broke. */
  async function lost(resume: { minDelayMs?: number; maxDelayMs?: number; maxOutageMs?: number } = {}) {
    const it = feedWith({ minDelayMs: 100, maxDelayMs: 800, maxOutageMs: day, ...resume });
    await it.open();
    it.send('id: 1\ndata: 1\n\n');
    it.break();
    return it;
  }

  it('a feed waits between half the backoff and all of it, twice as long each time, and no longer than maxDelayMs', async () => {
    const it = await lost();
    for (const ceiling of [100, 200, 400, 800, 800, 800]) {
      const before = it.upstream.requests.length;
      clock.tick(ceiling / 2 - 1);
      await settle();
      expect(it.upstream.requests, `before ${ceiling / 2}`).to.have.length(before);
      clock.tick(ceiling / 2 + 1);
      await settle();
      expect(it.upstream.requests, `after ${ceiling}`).to.have.length(before + 1);
      it.refuse(refusal('ERR_SSE_UPSTREAM_CONNECT'));
    }
  });

  it('the backoff begins anew with its shortest wait once an event came, not by headers alone', async () => {
    const it = await lost();
    await it.reopen(100);
    it.break();
    clock.tick(99);
    await settle();
    expect(it.upstream.requests).to.have.length(2);
    await it.reopen(101);
    it.send('id: 2\ndata: 2\n\n');
    it.break();
    await it.reopen(100);
    expect(it.upstream.requests).to.have.length(4);
    expect(it.resumes.map(([attempts]) => attempts)).to.deep.equal([1, 2, 1]);
  });

  const codes = ['BUSY', 'CONNECT', 'TIMEOUT', 'BROKEN', 'PROTOCOL', 'REDIRECT', 'NOT_SSE'] as const;
  for (const error of [
    ...codes.map((code) => refusal(`ERR_SSE_UPSTREAM_${code}`)),
    ...[404, 405].map((status) => refusal('ERR_SSE_UPSTREAM_REFUSED', { status })),
  ]) {
    it(`tries again after ${error.code} with status ${error.status} [R46]`, async () => {
      const it = await lost();
      await it.attempt(100);
      it.refuse(error);
      await it.reopen(200);
      it.send('id: 2\ndata: 2\n\n');
      expect([it.text(), it.overs]).to.deep.equal(['id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n', []]);
    });
  }

  for (const error of [
    refusal('ERR_SSE_UPSTREAM_NO_CONTENT'),
    ...[400, 401, 403, 410, 418].map((status) => refusal('ERR_SSE_UPSTREAM_REFUSED', { status })),
  ]) {
    it(`ends the feed when a resume is refused with ${error.status} [R46]`, async () => {
      const it = await lost();
      await it.attempt(100);
      it.refuse(error);
      expect(it.overs).to.deep.equal([['upstream-refused', error]]);
      clock.tick(day);
      await settle();
      expect(it.upstream.requests).to.have.length(2);
    });
  }

  it('reports what is left of a Retry-After when the outage outlasts maxOutageMs', async () => {
    const it = await lost({ maxOutageMs: 1_000 });
    await it.attempt(100);
    it.refuse(refusal('ERR_SSE_UPSTREAM_BUSY', { retryAfterMs: 120_000 }));
    clock.tick(900);
    const [[reason, error] = []] = it.overs;
    expect([reason, error?.retryAfterMs]).to.deep.equal(['upstream-broken', 119_100]);
  });

  it('a feed waits at least as long as Retry-After says', async () => {
    const it = await lost();
    await it.attempt(100);
    it.refuse(refusal('ERR_SSE_UPSTREAM_BUSY', { retryAfterMs: 7_000 }));
    await it.attempt(6_999);
    expect(it.upstream.requests).to.have.length(2);
    await it.attempt(101);
    expect(it.upstream.requests).to.have.length(3);
    // The Retry-After applied to that attempt only: the next failure has its own wait.
    it.refuse(refusal('ERR_SSE_UPSTREAM_CONNECT'));
    await it.attempt(400);
    expect(it.upstream.requests).to.have.length(4);
  });

  for (const [retry, floor] of [
    ['300', 300],
    ['600', 600],
    ['99999999999999999999', 800],
    ['0', 50],
    ['-5', 50],
    ['1e3', 50],
  ] as const) {
    it(`a feed takes retry: ${retry} as a floor of ${floor} ms`, async () => {
      const it = feedWith({ minDelayMs: 100, maxDelayMs: 800, maxOutageMs: day });
      await it.open();
      it.send(`retry: ${retry}\nid: 1\ndata: 1\n\n`);
      it.break();
      await it.attempt(floor - 1);
      expect(it.upstream.requests).to.have.length(1);
      await it.attempt(51);
      expect(it.upstream.requests).to.have.length(2);
    });
  }

  it('a feed ends when an outage has lasted for maxOutageMs, whatever it waits for', async () => {
    const waits = {
      'the backoff': () => {},
      'a Retry-After': async (it: Awaited<ReturnType<typeof lost>>) => {
        await it.attempt(100);
        it.refuse(refusal('ERR_SSE_UPSTREAM_BUSY', { retryAfterMs: 200_000 }));
      },
      'an answer': (it: Awaited<ReturnType<typeof lost>>) => it.attempt(100),
      'its own request': async (it: Awaited<ReturnType<typeof lost>>) => {
        it.preparing = () => new Promise(() => {});
        await it.attempt(100);
      },
    };
    for (const [name, prepare] of Object.entries(waits)) {
      const it = await lost({ maxOutageMs: 5_000, minDelayMs: 100, maxDelayMs: 100 });
      await prepare(it);
      clock.tick(4_899);
      expect(it.overs, name).to.deep.equal([]);
      clock.tick(101);
      expect(it.overs, name).to.have.length(1);
      expect(it.overs[0]?.[0]).to.equal('upstream-broken');
      expect(it.overs[0]?.[1]).to.include({ code: 'ERR_SSE_UPSTREAM_BROKEN', temporary: true });
      expect(it.overs[0]?.[1]?.cause).to.have.property('code', 'ERR_SSE_UPSTREAM_BROKEN');
      expect(it.upstream.live()).to.equal(0);
      const requests = it.upstream.requests.length;
      clock.tick(day);
      await settle();
      expect(it.upstream.requests, name).to.have.length(requests);
    }
  });

  it('maxOutageMs counts each outage from its own start', async () => {
    const it = await lost({ maxOutageMs: 150 });
    for (let n = 2; n < 8; n++) {
      await it.reopen(100);
      it.send(`id: ${n}\ndata: ${n}\n\n`);
      it.break();
    }
    expect(it.overs).to.deep.equal([]);
    await it.reopen(100);
    clock.tick(day);
    expect(it.overs).to.deep.equal([]);
  });

  it('a feed asks for its request before each attempt; a failure of that call is one more failed attempt', async () => {
    const it = await lost();
    let asked = 0;
    it.preparing = async () => {
      asked++;
      if (asked < 3) throw new Error('no token today');
      return ['authorization', `token ${asked}`];
    };
    await it.attempt(100);
    await it.attempt(200);
    expect([asked, it.upstream.requests.length]).to.deep.equal([2, 1]);
    await it.reopen(400);
    expect(it.upstream.requests[1]?.headers).to.deep.equal(['authorization', 'token 3', 'last-event-id', '1']);
    expect(it.resumes.map(([attempts]) => attempts)).to.deep.equal([3]);
  });

  it('a feed leaves nothing open when it is closed while it waits, asks for its request, or connects', async () => {
    const waiting = await lost();
    waiting.feed.close();
    await waiting.attempt(day);
    expect(waiting.upstream.requests).to.have.length(1);

    const asking = await lost();
    let give = (_: string[]) => {};
    asking.preparing = () => new Promise((resolve) => (give = resolve));
    await asking.attempt(100);
    asking.feed.close();
    give([]);
    await asking.attempt(day);
    expect(asking.upstream.requests).to.have.length(1);

    const connecting = await lost();
    await connecting.attempt(100);
    connecting.feed.close();
    expect(connecting.upstream.live()).to.equal(0);
    await connecting.attempt(day);
    expect([connecting.upstream.requests.length, connecting.overs]).to.deep.equal([2, []]);
  });

  it('a feed calls nothing more once it is closed', async () => {
    const it = feedWith({});
    await it.open();
    it.feed.close();
    it.send('id: 1\ndata: 1\n\n');
    it.break();
    it.feed.close();
    expect([it.text(), it.overs, it.gaps]).to.deep.equal(['', [], []]);
  });

  it('a feed stays paused over a resume, and flows again on demand', async () => {
    const it = feedWith({ minDelayMs: 100 });
    await it.open();
    it.send('id: 1\ndata: 1\n\n');
    it.feed.pause();
    expect(it.upstream.last().paused).to.equal(true);
    it.break();
    await it.reopen(100);
    expect(it.upstream.last().paused).to.equal(true);
    it.feed.resume();
    expect(it.upstream.last().paused).to.equal(false);
  });

  it('a feed forgets most of a burst some seconds after a later event, but not while the upstream may repeat the burst', async () => {
    const it = feedWith({ minDelayMs: 100 });
    await it.open();
    const events = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, n) => `id: ${from + n}\ndata: ${from + n}\n\n`).join('');
    it.send(events(1, 3_000));
    clock.tick(60_000);
    expect(it.feed.knowsId('1'), 'the burst comes last').to.equal(true);
    it.send(events(3_001, 3_001));
    it.break();
    await it.reopen(100);
    clock.tick(60_000);
    expect(it.feed.knowsId('1'), 'no event since the resume').to.equal(true);
    it.send(events(1, 3_002));
    clock.tick(60_000);
    expect([it.feed.knowsId('1'), it.feed.knowsId('2500')]).to.deep.equal([false, true]);
    expect(it.text()).to.equal(events(1, 3_002));
  });
});
