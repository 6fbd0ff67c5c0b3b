import dns from 'node:dns';
import { expect } from 'chai';
import { Agent } from 'undici';
import { skip } from '../../../test/support/needs.ts';
import type { LimitResult, SseProxyOptions } from '../src/types.ts';
import { flood, reader } from './support/flood.ts';
import { blackhole } from './support/hanging.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('a browser that leaves', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  /** A limiter that counts the permits that are taken. */
  function permits() {
    const count = { taken: 0, released: 0 };
    const acquire = (): LimitResult => {
      count.taken++;
      return { ok: true, release: () => void count.released++ };
    };
    return { count, limits: { acquire } };
  }

  for (const hook of ['authorize', 'target', 'upstreamHeaders'] as const) {
    it(`sends no upstream request for a browser that leaves while ${hook} is pending [R40]`, async () => {
      const up = await upstream();
      const { count, limits } = permits();
      const answer = Promise.withResolvers<never>();
      const well = { authorize: true, target: up.url, upstreamHeaders: {} }[hook];
      let asked = 0;
      const proxied = await app({
        target: up.url,
        limits,
        [hook]: () => (asked++ === 0 ? answer.promise : well),
      } as SseProxyOptions);
      const browser = visit(proxied.port);
      await until(() => asked === 1);
      expect(proxied.proxy.stats().opening).to.equal(1);
      browser.leave();
      await until(() => proxied.proxy.stats().opening === 0 && count.released === count.taken);
      answer.resolve(well as never);
      // An upstream request for the first browser would have arrived before this one.
      visit(proxied.port, '/sse', { 'Last-Event-ID': 'next' });
      expect((await up.request()).headers['last-event-id']).to.equal('next');
      expect(count.released).to.equal(hook === 'authorize' ? 0 : 1);
      expect(proxied.witness).to.deep.include({ opens: [], closes: [], refusals: [], errors: [] });
    });
  }

  it("aborts the limiter's signal, and a permit that comes too late is released once [R40]", async () => {
    const up = await upstream();
    const answer = Promise.withResolvers<LimitResult>();
    let signal: AbortSignal | undefined;
    let released = 0;
    const proxied = await app({
      target: up.url,
      limits: {
        acquire: (request) => {
          signal = request.signal;
          return answer.promise;
        },
      },
    });
    const browser = visit(proxied.port);
    await until(() => signal);
    expect(signal?.aborted).to.equal(false);
    browser.leave();
    await until(() => signal?.aborted);
    answer.resolve({ ok: true, release: () => void released++ });
    await until(() => released);
    expect(released).to.equal(1);
    expect(up.requests).to.deep.equal([]);
    expect(proxied.proxy.stats()).to.include({ opening: 0, refused: 0, upstreamConnections: 0 });
  });

  it('releases a permit that a limiter grants after hookTimeoutMs [R42]', async () => {
    const answer = Promise.withResolvers<LimitResult>();
    let released = 0;
    const { port } = await app({
      target: 'http://127.0.0.1:9/',
      hookTimeoutMs: 20,
      limits: { acquire: () => answer.promise },
    });
    const browser = visit(port);
    await until(() => browser.complete());
    answer.resolve({ ok: true, release: () => void released++ });
    await until(() => released);
    expect(released).to.equal(1);
  });

  it('opens no connection for a browser that leaves during the DNS lookup [R40]', async () => {
    const up = await upstream();
    const { count, limits } = permits();
    const proxied = await app({ target: up.url.replace('127.0.0.1', 'localhost'), limits });
    const lookup = dns.lookup;
    let answer: (() => void) | undefined;
    add(dns, (it) => Object.assign(it, { lookup }));
    Object.assign(dns, {
      lookup: (...args: Parameters<typeof lookup>) => {
        answer = () => lookup(...args);
      },
    });
    const browser = visit(proxied.port);
    await until(() => answer);
    expect(proxied.proxy.stats().upstreamConnections).to.equal(1);
    browser.leave();
    await until(() => proxied.proxy.stats().upstreamConnections === 0 && count.released === 1);
    dns.lookup = lookup;
    answer?.();
    visit(proxied.port, '/sse', { 'Last-Event-ID': 'next' });
    expect((await up.request()).headers['last-event-id']).to.equal('next');
    expect(up.open()).to.equal(1);
  });

  it('aborts the connect to the upstream when the browser leaves [R40]', async function () {
    const hole = await blackhole();
    if (!hole) return skip(this, 'needs Linux: only its kernel tells which connects hang');
    add(hole, (it) => it.close());
    const { count, limits } = permits();
    const proxied = await app({ target: `http://127.0.0.1:${hole.port}/`, limits });
    const browser = visit(proxied.port);
    await until(() => hole.connecting() === 1);
    browser.leave();
    await until(() => hole.connecting() === 0);
    expect(count).to.deep.equal({ taken: 1, released: 1 });
    expect(proxied.proxy.stats()).to.include({ opening: 0, refused: 0, upstreamConnections: 0 });
    expect(proxied.witness.errors).to.deep.equal([]);
  });

  it('aborts the TLS handshake with the upstream when the browser leaves [R40]', async () => {
    const up = await upstream();
    const proxied = await app({ target: up.url.replace('http:', 'https:') });
    const browser = visit(proxied.port);
    await until(() => up.open() === 1);
    browser.leave();
    await until(() => up.open() === 0 && proxied.proxy.stats().upstreamConnections === 0);
    expect(proxied.witness.errors).to.deep.equal([]);
  });

  for (const [phase, begin] of [
    ['the headers have not begun', ''],
    ['the headers are half here', 'HTTP/1.1 200 OK\r\nContent-Type: te'],
    ['the body has not begun', 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'],
    ['an event is half here', 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\ndata: tw'],
  ] as const) {
    for (const own of [true, false]) {
      it(`aborts the upstream request when the browser leaves while ${phase}${own ? '' : ", with the user's dispatcher"} [R40]`, async () => {
        const { count, limits } = permits();
        const up = await upstream((request) => request.raw(begin));
        const dispatcher = own ? undefined : add(new Agent(), (it) => it.destroy());
        const proxied = await app({ target: up.url, limits, retryMs: false, ...(dispatcher && { dispatcher }) });
        const browser = visit(proxied.port);
        const request = await up.request();
        if (begin.includes('\r\n\r\n')) await browser.opened();
        if (begin.includes('data')) await browser.sees('one\n\n');
        browser.leave();
        await until(() => request.closed() && up.open() === 0 && proxied.proxy.stats().upstreamConnections === 0);
        await until(() => count.released === 1 && proxied.proxy.stats().opening + proxied.proxy.stats().open === 0);
        expect(proxied.witness.errors).to.deep.equal([]);
        expect(proxied.witness.closes).to.have.length(begin.includes('\r\n\r\n') ? 1 : 0);
      });
    }
  }

  for (const [how, leave] of [
    ['FIN', (socket: { end(): void }) => socket.end()],
    ['RST', (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
  ] as const) {
    it(`aborts the upstream request when the browser leaves by ${how} [R40]`, async () => {
      const up = await upstream((request) => request.begin());
      const { port, proxy, witness } = await app({ target: up.url });
      const browser = visit(port);
      const request = await up.request();
      const flowing = setInterval(() => request.send('data: on and on\n\n'), 1);
      add(flowing, clearInterval);
      await browser.sees('on and on\n\n');
      leave(browser.socket);
      await until(() => up.open() === 0 && proxy.stats().open === 0);
      expect(witness.closes.map((close) => close.reason)).to.deep.equal(['browser-left']);
    });
  }

  it('aborts the upstream request of a browser that leaves while bytes wait for it [R40]', async () => {
    const up = await upstream((request) => request.begin());
    const { port, proxy, witness } = await app({ target: up.url });
    const slow = add(reader(port), (it) => it.leave());
    await slow.opened();
    const request = await up.request();
    const sending = flood(request, 3_000, 16_384);
    await until(() => proxy.stats().bufferedBytes > 0 && request.socket.writableNeedDrain);
    slow.leave();
    await until(() => up.open() === 0 && proxy.stats().open === 0);
    await sending;
    expect(proxy.stats()).to.include({ bufferedBytes: 0, upstreamConnections: 0, evicted: 0 });
    expect(witness.closes.map((close) => close.reason)).to.deep.equal(['browser-left']);
  });

  it('aborts the upstream request when the browser leaves while a transform is pending [R40]', async () => {
    let asked = 0;
    const up = await upstream((request) => {
      request.begin();
      request.send('data: one\n\ndata: two\n\n');
    });
    const { port, proxy, witness } = await app({
      target: up.url,
      transform: () => {
        asked++;
        return new Promise(() => {});
      },
    });
    const browser = visit(port);
    await until(() => asked);
    browser.leave();
    await until(() => up.open() === 0 && proxy.stats().open === 0);
    expect(asked).to.equal(1);
    expect(witness.errors).to.deep.equal([]);
    expect(witness.closes.map(({ reason, events }) => [reason, events])).to.deep.equal([['browser-left', 0]]);
  });
});
