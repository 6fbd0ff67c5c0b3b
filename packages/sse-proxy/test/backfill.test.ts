import { expect } from 'chai';
import { SseProxyError } from '../src/errors.ts';
import { clock } from './support/clock.ts';
import { never, registryWith, settle } from './support/registry.ts';
import type { Viewer } from './support/viewer.ts';

describe('backfill: the ring has not got a browser’s id', () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  it('asks the upstream once for browsers with the same id that the ring does not have', async () => {
    const { upstream, join, emit, arrive } = registryWith();
    emit(5);
    await join();
    const [one, two] = [await join(2), await join(2)];
    expect(upstream.connections).to.equal(2);
    arrive(1);
    expect([one.last, two.last]).to.deep.equal([5, 5]);
  });

  it('and for browsers whose ids another backfill has', async () => {
    const { upstream, join, emit, arrive } = registryWith();
    emit(5);
    await join();
    await join(2);
    arrive(1);
    const later = await join(4);
    expect(upstream.connections).to.equal(2);
    expect(later.last).to.equal(5);
  });

  it('has a backfill meet the feed, whichever of them is ahead', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { upstream, registry, join, emit, arrive } = registryWith();
      emit(3);
      const live = await join();
      const back = await join(1);
      arrive(1);
      expect(back.last).to.equal(3);
      emit(1);
      arrive(...order);
      expect([live.last, back.last]).to.deep.equal([4, 4]);
      expect(upstream.connections, `order ${order}`).to.equal(1);
      emit(1);
      arrive(0);
      expect([live.last, back.last]).to.deep.equal([5, 5]);
      registry.close();
    }
  });

  it('meets by id and bytes: one id for several events loses none of them', async () => {
    const { upstream, take } = registryWith();
    const got = { live: '', back: '' };
    const read = async (name: 'live' | 'back', cursor: string) => {
      const subscription = take(cursor);
      await subscription.ready;
      const onFrames = (source: Buffer, start: number, end: number) => {
        got[name] += source.subarray(start, end);
        return true;
      };
      subscription.read({ onFrames, onControlEvent: () => {}, onLagging: never, onEnd: () => {} });
    };
    upstream.emit('id: 1\ndata: before\n\n');
    await read('live', '');
    await read('back', '1');
    const batch = ['a', 'b', 'c'].map((data) => `id: 7\ndata: ${data}\n\n`).join('');
    upstream.live[0]?.queue(batch);
    upstream.live[1]?.queue(batch);
    upstream.live[0]?.arrive(1_000, 1_000);
    upstream.live[1]?.arrive(1_000, 1_000);
    expect(got).to.deep.equal({ live: batch, back: batch });
    expect(upstream.connections).to.equal(1);
  });

  it('ends a backfill with its last browser', async () => {
    const { upstream, join, emit } = registryWith();
    emit(5);
    await join();
    const [one, two] = [await join(2), await join(2)];
    one.leave();
    expect(upstream.connections).to.equal(2);
    two.leave();
    expect(upstream.connections).to.equal(1);
  });

  it('bounds the backfills: one too many is told to come later, and can when there is room', async () => {
    const { upstream, take, join, emit } = registryWith();
    emit(100);
    await join();
    const viewers: Viewer[] = [];
    for (let last = 1; last <= 32; last++) viewers.push(await join(last));
    expect(upstream.connections).to.equal(33);
    expect(() => take('40'))
      .to.throw(SseProxyError)
      .with.property('code', 'ERR_SSE_OVERLOAD');
    expect(() => take('7')).to.not.throw();
    expect((await join()).reading, 'one that needs no backfill').to.equal(true);
    viewers[20]?.leave();
    await join(40);
    expect(upstream.connections).to.equal(33);
  });

  it('counts the bound also where one id is asked for again after its backfill has gone on', async () => {
    const { upstream, registry, take, join, emit, arrive } = registryWith({ replay: { maxEvents: 1 } });
    emit(100);
    await join();
    for (let i = 0; i < 32; i++) {
      await join(50);
      // Its ring holds one event: the next browser with this id finds nothing there.
      arrive(upstream.connections - 1);
      expect(upstream.connections).to.equal(i + 2);
    }
    expect(() => take('50')).to.throw(SseProxyError);
    registry.close();
    expect(upstream.connections).to.equal(0);
  });

  it('resumes a backfill that breaks, for its own browsers', async () => {
    const { upstream, join, emit, arrive } = registryWith();
    emit(5);
    await join();
    const back = await join(2);
    upstream.live[1]?.arrive(50, 50);
    expect(back.last).to.equal(3);
    upstream.live[1]?.rst();
    clock.tick(2);
    await settle();
    arrive(1);
    expect([back.last, back.reading]).to.deep.equal([5, true]);
  });

  it('goes on reading a feed whose only browser left before it read, so that backfills can meet it', async () => {
    const { upstream, take, join, emit, arrive } = registryWith();
    emit(3);
    take().close();
    const back = await join(1);
    arrive(1);
    emit(1);
    arrive(0, 1);
    expect(back.last).to.equal(4);
    expect(upstream.connections).to.equal(1);
  });

  it('tells those who wait for a backfill when the feed that it was to meet ends', async () => {
    const { upstream, registry, join, emit } = registryWith();
    emit(5);
    await join();
    upstream.hangs = true;
    const waiting = await join(2);
    expect(waiting.subscription).to.not.equal(undefined);
    registry.close();
    await settle();
    expect([waiting.subscription, upstream.connections]).to.deep.equal([undefined, 0]);
  });
});
