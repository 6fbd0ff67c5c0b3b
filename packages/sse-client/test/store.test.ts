import { expect } from 'chai';
import { createEventStream } from '../src/index.ts';
import { localPersistence } from '../src/persist.ts';
import { stage } from './support/scene.ts';
import { Server } from './support/server.ts';
import { MemoryStorage } from './support/storage.ts';
import { until } from './support/until.ts';

describe('the store', () => {
  const scene = stage();

  it('returns the same frozen snapshot until something changes', async () => {
    const at = await scene();
    const { now } = at;
    expect(at.now).to.equal(now);
    at.stream.retryNow();
    expect(at.stream.fill(1, [])).to.equal(0);
    expect(at.now).to.equal(now);
    expect(now).to.be.frozen;
    at.stream.clear();
    expect(at.now).to.not.equal(now);
    at.stream.disconnect();
    expect(at.now.enabledByUser).to.equal(false);
  });

  it('shows the effect of a method at once, and notifies in a microtask', async () => {
    const at = await scene();
    let told = 0;
    at.stream.subscribe(() => told++);
    at.stream.seed([{ id: '1', data: 'x' }]);
    expect(at.now.entries).to.have.length(1);
    at.stream.reset();
    expect(at.now.entries).to.have.length(0);
    expect(told).to.equal(0);
    await Promise.resolve();
    expect(told).to.equal(1);
  });

  it('resumes after the lastEventId of seed(), unless something has been received', async () => {
    const at = await scene({ lastEventId: 'option' });
    at.stream.seed([], { lastEventId: 'seed' });
    at.stream.seed([]);
    at.stream.connect();
    const visit = await at.server.next();
    expect(visit.lastEventId).to.equal('seed');
    visit.open('data: without id\n\n');
    await at.received(1);
    at.stream.seed([], { lastEventId: 'late' });
    expect(at.now.lastEventId).to.equal('seed');
    visit.send('id: 7\n\ndata: x\n\n');
    await at.received(2);
    at.stream.seed([], { lastEventId: 'late' });
    expect(at.now.lastEventId).to.equal('7');
  });

  it('keeps the cursor of a lone id when seed() has another', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open('id: 7\n\n');
    await until(() => {
      at.clock.advance(16);
      return at.now.lastEventId === '7';
    });
    at.stream.seed([], { lastEventId: 'late' });
    expect(at.now.lastEventId).to.equal('7');
  });

  it('fill() replaces a gap by the events that it lacks', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open('id: 1\ndata: a\n\nevent: sse-proxy:gap\ndata: {}\n\nid: 3\ndata: c\n\n');
    await at.received(2);
    const gap = at.now.entries.at(1)!;
    expect(
      at.stream.fill(gap.key, [
        { id: '1', data: 'a' },
        { id: '2', data: 'b' },
      ]),
    ).to.equal(1);
    expect(at.data).to.deep.equal(['a', 'b', 'c']);
    expect(at.now.entries.at(1)).to.include({ origin: 'new', kind: 'event' });
  });

  it('clear() keeps the connection and the cursor', async () => {
    const at = await scene();
    at.stream.seed([{ id: '0', data: 'seeded' }]);
    at.stream.connect();
    const visit = (await at.server.next()).open('id: 1\ndata: a\n\n');
    await at.received(1);
    at.stream.clear();
    expect(at.data).to.deep.equal(['seeded']);
    expect(at.now).to.include({ status: 'connected', lastEventId: '1' });
    visit.send('id: 2\ndata: b\n\n');
    await at.received(1);
    expect(at.data).to.deep.equal(['seeded', 'b']);
    expect(at.server.visits).to.have.length(1);
  });

  it('reset() drops everything and connects again without a cursor, if the stream was on', async () => {
    const at = await scene();
    at.stream.connect();
    const visit = (await at.server.next()).open('id: 1\ndata: a\n\n');
    await at.received(1);
    at.stream.reset();
    expect(at.now).to.include({ status: 'connecting', lastEventId: '', lastEventAt: null });
    expect(at.now.entries).to.have.length(0);
    await until(() => visit.isGone);
    const again = await at.server.next();
    expect(again.lastEventId).to.equal(undefined);
    again.open('id: 1\ndata: a\n\n');
    await at.received(1);
    expect(at.data).to.deep.equal(['a']);
    at.stream.disconnect();
    at.stream.reset();
    expect(at.now.status).to.equal('idle');
  });

  it('uses the lastEventId of seed() again after reset()', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open('id: 1\ndata: a\n\n');
    await at.received(1);
    at.stream.disconnect();
    at.stream.reset();
    at.stream.seed([], { lastEventId: '9' });
    at.stream.connect();
    expect((await at.server.next()).lastEventId).to.equal('9');
  });

  it('close() releases everything, and methods have no effect after it', async () => {
    const storage = new MemoryStorage();
    const at = await scene({ persist: localPersistence({ scope: 'a', storage }) });
    let told = 0;
    at.stream.subscribe(() => told++);
    at.stream.connect();
    const visit = (await at.server.next()).open('id: 1\ndata: a\n\nevent: sse-proxy:gap\ndata: {}\n\n');
    await at.received(1);
    const gap = at.now.entries.at(1)!;
    visit.send('id: 2\ndata: b\n\n');
    at.stream.close();
    const before = told;
    await until(() => visit.isGone);
    expect(at.clock.pending).to.equal(0);
    expect(at.page.listeners).to.equal(0);
    expect(storage.getItem(storage.key(0)!)).to.include('"a"');
    const { now } = at;
    expect(now).to.include({ status: 'idle' });
    at.stream.connect();
    at.stream.seed([{ id: '9', data: '' }]);
    at.stream.clear();
    at.stream.reset();
    at.stream.wipe();
    at.stream.close();
    expect(at.stream.fill(gap.key, [{ id: '9', data: '' }])).to.equal(0);
    at.stream.subscribe(() => told++)();
    await Promise.resolve();
    expect(at.now).to.equal(now);
    expect(told).to.equal(before);
    expect(storage.length).to.equal(1);
    expect(at.clock.pending + at.page.listeners).to.equal(0);
  });

  it("works with the platform's own fetch and timers, without a page", async () => {
    const server = await new Server().listen();
    const stream = createEventStream(server.url, { minDelayMs: 1, autoConnect: true });
    try {
      (await server.next()).open('id: 1\ndata: a\n\n');
      await new Promise<void>((resolve) => stream.subscribe(() => stream.getSnapshot().counts.kept === 1 && resolve()));
      server.visits[0]!.end();
      (await server.next()).open('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
      await until(() => stream.getSnapshot().counts.kept === 2);
      expect(stream.getSnapshot().counts).to.include({ received: 3, duplicates: 1 });
    } finally {
      stream.close();
      await server.close();
    }
  });

  it('keeps 100,000 entries while 1,000 a frame arrive and are trimmed', async () => {
    const at = await scene({ maxEntries: 100_000, watchdogMs: false });
    at.stream.seed(Array.from({ length: 100_000 }, (_, id) => ({ id: `s${id}`, data: `line ${id}` })));
    at.stream.connect();
    const visit = (await at.server.next()).open();
    let sent = 0;
    for (let frame = 0; frame < 20; frame++) {
      visit.send(Array.from({ length: 1_000 }, () => `id: ${++sent}\ndata: line\n\n`).join(''));
      await at.received(sent);
    }
    expect(at.now.entries).to.have.length(100_000);
    expect(at.now.entries).to.include({ offset: 20_000 });
    expect(at.now.counts).to.include({ received: 20_000, dropped: 20_000, kept: 100_000, duplicates: 0 });
  });
});
