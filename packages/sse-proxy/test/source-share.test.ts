import { expect } from 'chai';
import type { Request } from 'express';
import { sseProxy } from '../src/index.ts';
import type { SseProxyOptions } from '../src/types.ts';
import { serve } from './support/app.ts';
import { pushedSource } from './support/pushed-source.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const all = { key: () => 'all' };
const resume = { minDelayMs: 1, maxDelayMs: 5 };

describe('a shared source', () => {
  const { add, clean, app, visit } = stage({ resume, retryMs: false });
  afterEach(clean);

  async function sharing(share: NonNullable<SseProxyOptions['share']>, options: Partial<SseProxyOptions> = {}) {
    const pushed = pushedSource();
    return { ...pushed, ...(await app({ source: pushed.source, share, ...options })) };
  }

  it('a shared source is called once for all browsers with the same key', async () => {
    const { port, proxy, calls, call } = await sharing(all);
    const browsers = [visit(port), visit(port), visit(port)];
    const first = await call();
    for (const browser of browsers) await browser.opened();
    first.push({ id: '1', data: 'one' });
    for (const browser of browsers) expect(await browser.sees('one\n\n')).to.equal('id: 1\ndata: one\n\n');
    expect(calls).to.have.length(1);
    expect(proxy.stats()).to.include({ upstreamConnections: 1, sharedFeeds: 1, open: 3 });
  });

  it('a shared source is called for each key: no event crosses [R51]', async () => {
    const { port, proxy, calls } = await sharing({ key: (req) => String(req.query.job) });
    const [a, b] = [visit(port, '/sse?job=a'), visit(port, '/sse?job=b')];
    await until(() => calls.length === 2);
    for (const call of calls) call.push({ data: `of ${call.req.query.job}` });
    expect(await a.sees('of a\n\n')).to.not.include('of b');
    expect(await b.sees('of b\n\n')).to.not.include('of a');
    expect(proxy.stats().sharedFeeds).to.equal(2);
  });

  it('a shared source is aborted when its last browser has left, after lingerMs [R40]', async () => {
    const { port, proxy, call } = await sharing({ ...all, lingerMs: 30 });
    const [one, other] = [visit(port), visit(port)];
    const first = await call();
    await one.opened();
    await other.opened();
    one.leave();
    await until(() => proxy.stats().open === 1);
    expect(first.signal.aborted).to.equal(false);
    other.leave();
    await until(() => proxy.stats().open === 0);
    expect(first.signal.aborted).to.equal(false);
    await until(() => first.returns === 1);
    expect(first.abortedFirst).to.equal(true);
    expect(proxy.stats()).to.include({ upstreamConnections: 0, sharedFeeds: 0 });
  });

  it('a browser that returns to a shared source gets what it missed from the ring, without another call', async () => {
    const { port, calls, call } = await sharing(all);
    const stays = visit(port);
    const first = await call();
    first.push({ id: '1', data: 'one' }, { id: '2', data: 'two' });
    await stays.sees('two');
    const returns = visit(port, '/sse', { 'Last-Event-ID': '1' });
    await returns.sees('two\n\n');
    first.push({ id: '3', data: 'three' });
    expect(await returns.sees('three\n\n')).to.equal('id: 2\ndata: two\n\nid: 3\ndata: three\n\n');
    expect(calls).to.have.length(1);
  });

  it('a shared source is called a second time for a browser whose id the ring does not hold, until both have the same event', async () => {
    const { port, proxy, calls, call } = await sharing(all);
    visit(port);
    const live = await call();
    live.push({ id: '7', data: 'seven' });
    const returns = visit(port, '/sse', { 'Last-Event-ID': '5' });
    const backfill = await call(1);
    expect(backfill.lastEventId).to.equal('5');
    backfill.push({ id: '6', data: 'six' }, { id: '7', data: 'seven' });
    await until(() => backfill.signal.aborted);
    live.push({ id: '8', data: 'eight' });
    expect(await returns.sees('eight\n\n')).to.equal(
      'id: 6\ndata: six\n\nid: 7\ndata: seven\n\nid: 8\ndata: eight\n\n',
    );
    expect(calls).to.have.length(2);
    expect(proxy.stats().upstreamConnections).to.equal(1);
  });

  it('a shared source gets ids of the proxy with ids: assign, so that a returning browser loses nothing', async () => {
    const { port, calls, call } = await sharing({ ...all, ids: 'assign', join: 'live' });
    const stays = visit(port);
    const first = await call();
    first.push({ data: 'one' }, { data: 'two' });
    const [, id = ''] = /^id: (.*)\ndata: one\n/m.exec(await stays.sees('two\n\n')) ?? [];
    const body = await visit(port, '/sse', { 'Last-Event-ID': id }).sees('two\n\n');
    expect(body).to.not.include('one');
    expect(calls).to.have.length(1);
  });

  it('a shared source is called again after it throws with the request of a browser that is still connected [R51]', async () => {
    const { port, proxy, calls, call } = await sharing(all);
    const leaves = visit(port, '/sse?name=leaves');
    const first = await call();
    await leaves.opened();
    const stays = await visit(port, '/sse?name=stays').opened();
    first.push({ id: '1', data: 'one' });
    await stays.sees('one');
    leaves.leave();
    await until(() => proxy.stats().open === 1);
    first.fail(new Error('lost'));
    const second = await call(1);
    expect(second.req.query.name).to.equal('stays');
    expect(second.lastEventId).to.equal('1');
    second.push({ id: '2', data: 'two' });
    await stays.sees('two');
    expect(calls).to.have.length(2);
  });

  it('a browser of a shared source whose key has changed moves to another call, with its id [R51]', async () => {
    const keys = new Map([
      ['a', 'one'],
      ['b', 'one'],
    ]);
    const { port, calls, call } = await sharing({ key: (req: Request) => keys.get(String(req.query.user)) as string });
    const [a, b] = [visit(port, '/sse?user=a'), visit(port, '/sse?user=b')];
    const first = await call();
    await a.opened();
    await b.opened();
    first.push({ id: '1', data: 'one' });
    await a.sees('one');
    await b.sees('one');
    keys.set('b', 'two');
    first.fail(new Error('lost'));
    await until(() => calls.length === 3);
    for (const { req, lastEventId } of calls.slice(1))
      expect([req.query.user, lastEventId]).to.be.deep.oneOf([
        ['a', '1'],
        ['b', '1'],
      ]);
    for (const again of calls.slice(1)) again.push({ id: '2', data: `for ${again.req.query.user}` });
    expect(await a.sees('for ')).to.not.include('for b');
    expect(await b.sees('for ')).to.not.include('for a');
  });

  it('a shared source is pulled for the fast browser while a slow one reads nothing', async () => {
    const pushed = pushedSource();
    const { port, witness } = await app({
      source: pushed.source,
      share: all,
      slowClient: { maxBufferedBytes: 100_000 },
    });
    const fast = visit(port);
    const call = await pushed.call();
    const slow = await visit(port).opened();
    slow.socket.pause();
    // The kernel's buffers fill first.
    for (let bytes = 0; witness.evictions.length === 0; bytes += 500_000) {
      call.push({ data: 'x'.repeat(500_000) });
      await until(() => fast.socket.bytesRead > bytes);
    }
    expect(witness.evictions[0]?.bound).to.equal('maxBufferedBytes');
  });

  it('a shared source is not pulled while every browser is behind', async () => {
    const pushed = pushedSource();
    const { port, proxy } = await app({
      source: pushed.source,
      share: { ...all, replay: { maxBytes: 60_000_000 } },
      slowClient: { maxBufferedBytes: 50_000_000 },
    });
    const slow = visit(port);
    const call = await pushed.call();
    await slow.opened();
    slow.socket.pause();
    call.push(...Array.from({ length: 300 }, () => ({ data: 'x'.repeat(100_000) })));
    let before = -1;
    await until(() => {
      const isStill = call.pulls === before && proxy.stats().bufferedBytes > 0;
      before = call.pulls;
      return isStill;
    });
    expect(call.pulls).to.be.below(290);
    slow.socket.resume();
    await until(() => slow.socket.bytesRead > 30_000_000);
  });

  it('a shared source runs without Express: req is Node’s own', async () => {
    const { source, call } = pushedSource();
    const proxy = add(sseProxy({ source, share: all }), (it) => it.close());
    const { port } = add(await serve(proxy), (it) => it.close());
    const browser = visit(port, '/any');
    (await call()).push({ data: 'one' });
    await browser.sees('data: one');
  });
});
