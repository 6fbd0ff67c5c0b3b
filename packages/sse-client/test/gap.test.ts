import { expect } from 'chai';
import { localPersistence } from '../src/persist.ts';
import type { GapEntry } from '../src/types.ts';
import { type Scene, stage } from './support/scene.ts';
import { MemoryStorage } from './support/storage.ts';
import { until } from './support/until.ts';

describe('gaps', () => {
  const scene = stage();
  const gapsOf = (at: Scene) => [...at.now.entries].filter((entry): entry is GapEntry => entry.kind === 'gap');

  it("adds the proxy's gap between the events, with its times and the id before it", async () => {
    const at = await scene();
    at.stream.connect();
    const [from, to] = ['2026-01-02T03:00:00.000Z', '2026-01-02T03:00:21.500Z'];
    (await at.server.next()).open(
      `id: 1\ndata: a\n\nevent: sse-proxy:gap\ndata: ${JSON.stringify({ reason: 'trimmed', from, to })}\n\nid: 9\ndata: b\n\n`,
    );
    await at.received(2);
    expect(at.data).to.deep.equal(['a', 'gap:trimmed', 'b']);
    const { key, ...gap } = gapsOf(at)[0]!;
    expect(gap).to.deep.equal({
      kind: 'gap',
      reason: 'trimmed',
      from: Date.parse(from),
      to: Date.parse(to),
      afterId: '1',
    });
    expect(at.now.counts).to.include({ received: 2, kept: 2, gaps: 1 });
    expect(at.now.lastEventId).to.equal('9');
  });

  it('notifies of a gap in the next frame, and persists it', async () => {
    const options = { persist: localPersistence({ scope: 'a', storage: new MemoryStorage() }) };
    const at = await scene(options);
    at.stream.connect();
    const visit = (await at.server.next()).open('data: a\n\n');
    await at.received(1);
    at.clock.advance(500);
    visit.send('event: sse-proxy:gap\ndata: {"reason":"alone"}\n\n');
    await until(() => {
      at.clock.advance(16);
      return at.now.counts.gaps === 1;
    });
    at.stream.close();
    at.make(options);
    expect(at.data).to.deep.equal(['a', 'gap:alone']);
  });

  it('adds a gap of the proxy without times or a reason', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open('event: sse-proxy:gap\ndata: null\n\ndata: x\n\n');
    await at.received(1);
    expect(gapsOf(at)[0]).to.include({
      reason: 'unknown',
      from: at.clock.time - 16,
      to: at.clock.time - 16,
      afterId: '',
    });
  });

  for (const [first, second, data] of [
    ['id: 1\ndata: a\n\ndata: b\n\n', 'data: b\n\n', ['a', 'b', 'gap:no-ids', 'b']],
    ['id: 1\ndata: a\n\ndata: b\n\nid: 2\n\n', 'id: 3\ndata: b\n\n', ['a', 'b', 'b']],
    ['data: a\n\nid: 2\ndata: b\n\n', 'data: b\n\n', ['a', 'b', 'b']],
  ] as const) {
    const verb = data.length === 4 ? 'adds a' : 'adds no';
    it(`${verb} gap after a reconnect behind ${JSON.stringify(first)} [R32]`, async () => {
      const at = await scene();
      at.stream.connect();
      const visit = (await at.server.next()).open(first);
      await at.received(2);
      visit.end();
      await at.until('waiting');
      at.clock.advance(20_000);
      (await at.server.next()).open(second);
      await at.received(3);
      expect(at.data).to.deep.equal(data);
      if (data.length === 4) expect(gapsOf(at)[0]).to.include({ afterId: '1' });
    });
  }

  it('adds a gap after a reconnect without an id, from the last byte to the new connection [R32]', async () => {
    const at = await scene();
    at.stream.connect();
    const first = (await at.server.next()).open('data: a\n\n');
    await at.received(1);
    at.clock.advance(3_000);
    // Two more ids, the last of which clears the cursor.
    for (const [text, cursor] of [
      ['id: 5\n\n', '5'],
      ['id\n\n', ''],
    ] as const) {
      first.send(text);
      await until(() => {
        at.clock.advance(16);
        return at.now.lastEventId === cursor;
      });
    }
    const latest = at.clock.time;
    first.end();
    await at.until('waiting');
    at.clock.advance(20_000);
    (await at.server.next()).open('data: b\n\n');
    await at.received(2);
    expect(at.data).to.deep.equal(['a', 'gap:no-ids', 'b']);
    expect(gapsOf(at)[0]).to.include({ reason: 'no-ids', to: at.now.connectedAt, afterId: '' });
    expect(gapsOf(at)[0]!.from).to.be.within(at.events[0]!.receivedAt + 3_000, latest);
    expect(at.now.connectedAt).to.be.at.least(latest + 20_000);
  });

  it('adds no gap after a reconnect with an id, or without an earlier event', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open(':\n\n').end();
    await at.until('waiting');
    at.retry();
    const second = (await at.server.next()).open('id: 1\ndata: a\n\n');
    await at.received(1);
    second.end();
    await at.until('waiting');
    at.retry();
    (await at.server.next()).open('id: 2\ndata: b\n\n');
    await at.received(2);
    expect(at.data).to.deep.equal(['a', 'b']);
  });

  it('adds the gap of a reconnect without an id before any event arrives', async () => {
    const at = await scene();
    at.stream.connect();
    const first = (await at.server.next()).open('data: a\n\n');
    await at.received(1);
    first.end();
    await at.until('waiting');
    at.retry();
    const second = await at.server.next();
    const answered = at.answered();
    second.open();
    await answered;
    at.clock.advance(100);
    expect(at.now.status).to.equal('connected');
    expect(at.data).to.deep.equal(['a', 'gap:no-ids']);
  });

  it('adds the gap of a reconnect without an id before the gap that the server reports', async () => {
    const at = await scene();
    at.stream.connect();
    const first = (await at.server.next()).open('data: a\n\n');
    await at.received(1);
    first.end();
    await at.until('waiting');
    at.retry();
    (await at.server.next()).open('event: sse-proxy:gap\ndata: {"reason":"theirs"}\n\ndata: b\n\n');
    await at.received(2);
    expect(at.data).to.deep.equal(['a', 'gap:no-ids', 'gap:theirs', 'b']);
  });

  it('adds a gap without an id after disconnect() and connect(), and none after reset()', async () => {
    const at = await scene();
    at.stream.connect();
    (await at.server.next()).open('data: a\n\n');
    await at.received(1);
    at.stream.disconnect();
    at.stream.connect();
    (await at.server.next()).open('data: b\n\n');
    await at.received(2);
    expect(at.data).to.deep.equal(['a', 'gap:no-ids', 'b']);
    at.stream.reset();
    (await at.server.next()).open('data: c\n\n');
    await at.received(1);
    expect(at.data).to.deep.equal(['c']);
  });
});
