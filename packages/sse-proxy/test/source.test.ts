import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import type { Express } from 'express';
import { SseProxyError } from '../src/index.ts';
import type { SseEvent, SseProxyOptions } from '../src/types.ts';
import { pushedSource } from './support/pushed-source.ts';
import { heartbeats, stage } from './support/stage.ts';
import { until } from './support/until.ts';

const quick = { resume: { minDelayMs: 1, maxDelayMs: 5 }, retryMs: 10 } as const;
const utf8 = (text: string) => Buffer.from(text).toString('latin1');

const fifty = Array.from({ length: 50 }, (_, n) => ({ id: String(n), data: 'x' }));
const fiftyBytes = fifty.map(({ id }) => `id: ${id}\ndata: x\n\n`).join('').length;

/** Sizes of the chunks in which a browser has got the response's body. */
function chunkSizes(wire: string): number[] {
  return [...wire.matchAll(/^([0-9a-f]+)\r\n/gm)].map(([, size]) => Number.parseInt(size as string, 16));
}

describe('a source in place of a target', () => {
  const { clean, app, visit } = stage(quick);
  afterEach(clean);

  async function opened(options: Partial<SseProxyOptions> = {}, headers: Record<string, string> = {}) {
    const pushed = pushedSource();
    const { port, proxy, witness } = await app({ source: pushed.source, ...options });
    const browser = visit(port, '/sse', headers);
    const call = await pushed.call();
    await browser.opened();
    return { ...pushed, port, proxy, witness, browser, call };
  }

  it('opens the stream of a source before its first event, with the headers of every stream [R6] [R7]', async () => {
    const { browser, witness, call } = await opened();
    expect(browser.status()).to.equal(200);
    expect(browser.headers()).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-cache, no-transform',
    });
    await browser.sees('retry: 10\n');
    expect(witness.opens).to.have.length(1);
    expect(call.lastEventId).to.equal(undefined);
  });

  it('sends the events of a source with all their fields, line breaks of any kind in the data', async () => {
    const { browser, call } = await opened({ retryMs: false });
    call.push({ data: 'one' }, { id: 'ü1', event: 'log', retry: 7_000, data: 'a\nb\r\nc\rd' }, { data: '', id: '' });
    const body = await browser.sees('id: \ndata: \n\n');
    expect(body).to.equal(
      utf8('data: one\n\nid: ü1\nevent: log\nretry: 7000\ndata: a\ndata: b\ndata: c\ndata: d\n\nid: \ndata: \n\n'),
    );
  });

  it('sends events that a source has ready at once in one chunk', async () => {
    const { browser, call } = await opened({ retryMs: false });
    call.push(...fifty);
    await browser.sees('id: 49\n');
    expect(chunkSizes(browser.wire())).to.deep.equal([fiftyBytes]);
  });

  it('sends events that pass through six async generators in one chunk, if they are ready at once', async () => {
    const pushed = pushedSource();
    async function* passOn(events: AsyncIterable<SseEvent>): AsyncGenerator<SseEvent> {
      for await (const event of events) yield event;
    }
    const source: typeof pushed.source = (req, context) => {
      let events = pushed.source(req, context);
      for (let depth = 0; depth < 6; depth++) events = passOn(events);
      return events;
    };
    const { port } = await app({ source, retryMs: false });
    const browser = await visit(port).opened();
    (await pushed.call()).push(...fifty);
    await browser.sees('id: 49\n');
    expect(chunkSizes(browser.wire())).to.deep.equal([fiftyBytes]);
  });

  const ways: [string, Partial<SseProxyOptions>][] = [
    ['', {}],
    [', fastPath: false', { fastPath: false }],
    [', shared', { share: { key: () => 'all', replay: { maxBytes: 65_536 } } }],
  ];
  for (const [way, options] of ways) {
    it(`sends what a source yields unchanged to a browser that reads late${way}`, async () => {
      const texts = ['a', 'é', '€'].flatMap((character) => [1, 7_000, 21_000, 22_000].map((n) => character.repeat(n)));
      const events = Array.from({ length: 25 }, () => texts).flat();
      async function* source(): AsyncGenerator<SseEvent> {
        for (const [n, data] of events.entries()) {
          yield { data: `${n} ${data}` };
          // Each event is a batch of its own.
          await nextTurn();
        }
        await once(new EventTarget(), 'never');
      }
      const { port, proxy } = await app({ source, retryMs: false, ...options });
      const browser = await visit(port).opened();
      browser.socket.pause();
      await until(() => proxy.stats().bufferedBytes > 0);
      browser.socket.resume();
      const body = await browser.sees(`data: ${events.length - 1} ${utf8(events.at(-1) as string)}\n\n`);
      expect(body === utf8(events.map((data, n) => `data: ${n} ${data}\n\n`).join(''))).to.equal(true);
    });
  }

  it('keeps the events of several sources apart while the promises of their transforms are pending', async () => {
    async function* source({ url }: { url: string }): AsyncGenerator<SseEvent> {
      for (let n = 0; n < 200; n++) {
        yield { data: `${url} ${n}` };
        // A batch is four events, of which three are held.
        if (n % 4 === 3) await nextTurn();
      }
      await once(new EventTarget(), 'never');
    }
    const { port } = await app({ source, retryMs: false, transform: (event) => nextTurn().then(() => event) });
    const urls = ['/sse?a', '/sse?bb', '/sse?ccc'];
    const browsers = urls.map((url) => visit(port, url));
    for (const [at, url] of urls.entries()) {
      const body = await browsers[at]?.sees(`data: ${url} 199\n\n`);
      expect(body).to.equal(Array.from({ length: 200 }, (_, n) => `data: ${url} ${n}\n\n`).join(''));
    }
  });

  it('passes the browser’s Last-Event-ID to a source as the string that the event had [R24] [R25]', async () => {
    const { call } = await opened({}, { 'Last-Event-ID': utf8('größe-€') });
    expect(call.lastEventId).to.equal('größe-€');
  });

  it('calls a source again with the last id after it throws, and drops what it repeats [R35]', async () => {
    const { browser, call, calls, witness } = await opened();
    call.push({ id: 'é1', data: 'one' }, { id: 'é2', data: 'two' });
    await browser.sees(utf8('id: é2\n'));
    call.fail(new Error('connection lost'));
    await until(() => calls[1]);
    expect(calls[1]?.lastEventId).to.equal('é2');
    calls[1]?.push({ id: 'é2', data: 'two' }, { id: 'é3', data: 'three' });
    const body = await browser.sees(utf8('id: é3\ndata: three\n\n'));
    expect(body.split(utf8('id: é2\n'))).to.have.length(2);
    expect(witness.losses[0]?.error).to.include({ code: 'ERR_SSE_SOURCE' }).with.nested.property('cause.message');
    expect(witness.resumes).to.have.length(1);
    expect(witness.gaps).to.deep.equal([]);
    expect(call.signal.aborted).to.equal(true);
  });

  it('reports a gap after a source without ids throws [R32]', async () => {
    const { browser, call, calls } = await opened();
    call.push({ data: 'one' });
    await browser.sees('one');
    call.fail(new Error('connection lost'));
    await until(() => calls[1]);
    calls[1]?.push({ data: 'two' });
    expect(await browser.sees('data: two')).to.match(/event: sse-proxy:gap\ndata: {"reason":"no-ids".*\n\ndata: two/);
  });

  it('delivers everything that a source yielded before it throws', async () => {
    const { browser, call, witness } = await opened({ resume: false });
    call.push(...Array.from({ length: 1_000 }, (_, n) => ({ data: String(n) })));
    call.fail(new Error('connection lost'));
    await browser.sees('data: 999\n\n');
    await until(() => browser.closed());
    expect(browser.complete()).to.equal(false);
    expect(witness.closes[0]).to.include({ reason: 'upstream-broken', events: 1_000 });
    expect(witness.closes[0]?.error).to.include({ code: 'ERR_SSE_SOURCE' });
    expect(witness.closes[0]?.error?.cause).to.be.instanceOf(Error).with.property('message', 'connection lost');
  });

  it('ends the stream when a source without ids returns [R33]', async () => {
    const { browser, call, calls, witness } = await opened();
    call.push({ data: 'one' });
    call.end();
    await until(() => browser.complete());
    expect(browser.body()).to.match(/data: one\n\nevent: sse-proxy:end\nretry: \d+\ndata: {"reason":"upstream-ended"/);
    expect(witness.closes[0]).to.include({ reason: 'upstream-ended', error: undefined });
    expect(calls).to.have.length(1);
  });

  it('calls a source with ids again after its return, no sooner than the browser would come back [R33]', async () => {
    const { browser, call, calls } = await opened({ retryMs: 60 });
    call.push({ id: '1', data: 'one' });
    await browser.sees('data: one');
    const endedAt = performance.now();
    call.end();
    await until(() => calls[1]);
    // Timers may fire up to a millisecond early.
    expect(performance.now() - endedAt).to.be.at.least(59);
    expect(calls[1]?.lastEventId).to.equal('1');
  });

  it('ends the stream when a source with ids returns, with resume.afterEnd: end [R33]', async () => {
    const { browser, call, calls } = await opened({ resume: { ...quick.resume, afterEnd: 'end' } });
    call.push({ id: '1', data: 'one' });
    call.end();
    await until(() => browser.complete());
    expect(calls).to.have.length(1);
  });

  it('sends heartbeats while a source is silent, and does not call it again', async () => {
    const { browser, calls } = await opened({ heartbeatMs: 20 });
    await until(() => heartbeats(browser.body()) > 3);
    expect(calls).to.have.length(1);
  });

  it('calls a silent source again after idleTimeoutMs, if that is set', async () => {
    const { browser, call, calls } = await opened({ idleTimeoutMs: 40 });
    call.push({ id: '1', data: 'one' });
    await browser.sees('data: one');
    await until(() => calls[1]);
    expect(call.signal.aborted).to.equal(true);
    expect(calls[1]?.lastEventId).to.equal('1');
  });

  it('counts calls of a source as upstream connections, and refuses more than limits.upstreams softly [R53]', async () => {
    const { port, proxy, call, browser } = await opened({ limits: { upstreams: 1 } });
    expect(proxy.stats()).to.include({ upstreamConnections: 1, open: 1 });
    const second = visit(port);
    expect(await second.sees('"retryMs"')).to.include('"code":"ERR_SSE_LIMIT_UPSTREAMS"');
    browser.leave();
    await until(() => proxy.stats().upstreamConnections === 0);
    expect(call.signal.aborted).to.equal(true);
    visit(port);
    await until(() => proxy.stats().upstreamConnections === 1);
  });

  it('counts events and bytes of a source in stats() and streams()', async () => {
    const { proxy, call, browser } = await opened({ retryMs: false });
    call.push({ id: '1', data: 'one' }, { id: '2', data: 'two' });
    const { length } = await browser.sees('two\n\n');
    expect(proxy.stats()).to.include({ events: 2, bytes: length });
    expect(proxy.streams()[0]).to.include({ events: 2, bytes: length });
  });

  it('calls authorize before the source', async () => {
    const { source, calls } = pushedSource();
    const { port } = await app({ source, authorize: () => false });
    const browser = await visit(port).opened();
    expect(browser.status()).to.equal(403);
    expect(calls).to.deep.equal([]);
  });

  it('passes events of a source through transform', async () => {
    const { browser, call } = await opened({
      transform: async (event) => ({ ...event, data: event.data.toUpperCase() }),
    });
    call.push({ id: '1', data: 'one' });
    await browser.sees('id: 1\ndata: ONE\n\n');
  });

  it('replaces an event of a source over maxEventBytes by a gap [R34]', async () => {
    const { browser, call } = await opened({ maxEventBytes: 1_000 });
    call.push({ id: '1', data: 'x'.repeat(2_000) }, { id: '2', data: 'two' });
    expect(await browser.sees('data: two')).to.match(/"reason":"event-too-large",.*"id":"1"}\n\nid: 1\n\nid: 2\n/);
  });

  it('drains the streams of a source, and aborts its calls', async () => {
    const { proxy, browser, call } = await opened();
    await proxy.close();
    await until(() => browser.complete());
    expect(browser.body()).to.include('"reason":"draining"');
    expect(call).to.include({ returns: 1, abortedFirst: true });
    expect(proxy.stats()).to.include({ upstreamConnections: 0, open: 0 });
  });

  it('calls an async function as source, and opens the stream when its promise settles', async () => {
    const { promise, resolve } = Promise.withResolvers<AsyncIterable<SseEvent>>();
    const { port } = await app({ source: () => promise });
    const browser = visit(port);
    async function* events(): AsyncGenerator<SseEvent> {
      yield { data: 'one' };
      await once(new EventTarget(), 'never');
    }
    setImmediate(() => resolve(events()));
    await browser.sees('data: one\n\n');
  });

  it('opens the stream early while the promise of a source is pending [R6]', async () => {
    const { promise, reject } = Promise.withResolvers<AsyncIterable<SseEvent>>();
    const { port, witness } = await app({ source: () => promise, openAfterMs: 5 });
    const browser = visit(port);
    await browser.sees('"state":"connecting"');
    expect(witness.opens[0]).to.include({ early: true });
    reject(new SseProxyError('ERR_SSE_UPSTREAM_REFUSED', { status: 410 }));
    expect(await browser.sees('sse-proxy:refused')).to.match(/"status":410/);
    await until(() => browser.complete());
    const again = await visit(port).opened();
    expect(again.status()).to.equal(410);
  });

  it('refuses a browser for which the promise of a source does not settle within headersTimeoutMs', async () => {
    const { port, proxy } = await app({
      source: () => new Promise(() => {}),
      headersTimeoutMs: 30,
      openAfterMs: false,
    });
    expect(await visit(port).sees('"retryMs"')).to.include('"code":"ERR_SSE_UPSTREAM_TIMEOUT"');
    expect(proxy.stats().upstreamConnections).to.equal(0);
  });

  const failing: Record<string, SseProxyOptions['source']> = {
    'throws synchronously': () => {
      throw new Error('s3cret');
    },
    'rejects its promise': async () => {
      throw new Error('s3cret');
    },
    'returns a sync iterable': () => [{ data: 's3cret' }] as never,
    'returns nothing': () => undefined as never,
    'returns a promise of a sync iterable': () => Promise.resolve([{ data: 's3cret' }]) as never,
    'returns an iterable without next()': () => ({ [Symbol.asyncIterator]: () => ({}) }) as never,
  };
  for (const [name, source] of Object.entries(failing)) {
    it(`refuses the browser softly if a source ${name} [R45] [R56]`, async () => {
      const { port, proxy, witness } = await app({ source: source as NonNullable<typeof source> });
      const body = await visit(port).sees('"retryMs"');
      expect(body).to.include('"code":"ERR_SSE_SOURCE"').and.not.include('s3cret');
      expect(witness.refusals[0]?.error).to.include({ code: 'ERR_SSE_SOURCE', temporary: true });
      expect(witness.refusals[0]?.error.message).to.not.include('s3cret');
      expect(proxy.stats()).to.include({ upstreamConnections: 0, refused: 1 });
    });
  }

  it('names the kind of what a source returned in place of an async iterable', async () => {
    const { port, witness } = await app({ source: failing['returns a sync iterable'] as never });
    await visit(port).sees('"retryMs"');
    expect(witness.errors[0]?.error.message).to.equal(
      'source must return an async iterable, returned an array of 1, which is a sync iterable',
    );
  });

  it('refuses a browser by the SseProxyError that a source throws [R1]', async () => {
    const { port } = await app({
      source: () => {
        throw new SseProxyError('ERR_SSE_UPSTREAM_REFUSED', { status: 404 });
      },
    });
    const browser = await visit(port).opened();
    expect(browser.status()).to.equal(404);
  });

  it("refuses the browser of a source that throws by status with refuse: 'status'", async () => {
    const { port } = await app({ source: failing['throws synchronously'] as never, refuse: 'status' });
    const browser = await visit(port).opened();
    expect(browser.status()).to.equal(502);
    expect(browser.headers()).to.have.property('retry-after');
  });

  it('an async generator that fails at each call stays in one outage: no gap and no resume until it has an event', async () => {
    let calls = 0;
    const { port, witness } = await app({
      source: async function* () {
        calls++;
        if (calls === 1) yield { data: 'one' };
        if (calls < 5) throw new Error('down');
        yield { data: 'five' };
        await once(new EventTarget(), 'never');
      },
    });
    const body = await visit(port).sees('data: five');
    expect(body.match(/sse-proxy:gap/g)).to.have.length(1);
    expect(witness.resumes).to.have.length(1);
    expect(witness.resumes[0]).to.include({ attempts: 4 });
  });

  it('counts a resumed source that has no event for a second as connected', async () => {
    const { call, calls, witness } = await opened();
    call.fail(new Error('lost'));
    await until(() => calls[1] && witness.resumes.length === 1);
    expect(calls).to.have.length(2);
  });

  it('runs a source in the asynchronous context of its browser’s request, also when it is pulled after a pause', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = new Set<string | undefined>();
    async function* source(): AsyncGenerator<SseEvent> {
      try {
        for (let n = 0; n < 200; n++) {
          seen.add(storage.getStore());
          yield { data: 'x'.repeat(100_000) };
        }
      } finally {
        seen.add(storage.getStore());
      }
    }
    const before = (express: Express) =>
      void express.use((req, _, next) => storage.run(String(req.headers['x-name']), next));
    const { port, witness } = await app({ source, resume: false }, { before });
    const browser = visit(port, '/sse', { 'X-Name': 'ada' });
    await browser.opened();
    browser.socket.pause();
    visit(port, '/sse', { 'X-Name': 'bob' });
    await until(() => witness.closes.length === 1);
    expect([...seen]).to.have.members(['ada', 'bob']);
    seen.clear();
    browser.socket.resume();
    await until(() => witness.closes.length === 2);
    expect([...seen]).to.deep.equal(['ada']);
  });

  it('gives up a source that keeps throwing for maxOutageMs, with its error as the cause', async () => {
    const { port, witness } = await app({
      source: async function* () {
        if (Date.now() > 0) throw new Error('down');
        yield { data: '' };
      },
      resume: { minDelayMs: 1, maxDelayMs: 2, maxOutageMs: 40 },
    });
    const browser = visit(port);
    await until(() => browser.complete());
    const [{ reason, error } = {}] = witness.closes;
    expect(reason).to.equal('upstream-broken');
    expect(error?.cause).to.include({ code: 'ERR_SSE_SOURCE' });
  });
});
