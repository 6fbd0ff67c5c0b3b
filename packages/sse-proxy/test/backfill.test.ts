import { expect } from 'chai';
import { clock } from './support/clock.ts';
import { never, registryWith, settle } from './support/registry.ts';
import { bytesOf, dataOf, type Viewer } from './support/viewer.ts';

describe('backfill of a shared feed', () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  it('sends one upstream request for browsers with the same id that the ring does not hold', async () => {
    const { upstream, join, emit, arrive } = registryWith();
    emit(5);
    await join();
    const [one, two] = [await join(2), await join(2)];
    expect(upstream.connections).to.equal(2);
    arrive(1);
    expect([one.last, two.last]).to.deep.equal([5, 5]);
  });

  it('serves browsers from a running backfill that holds their id', async () => {
    const { upstream, join, emit, arrive } = registryWith();
    emit(5);
    await join();
    await join(2);
    arrive(1);
    const later = await join(4);
    expect(upstream.connections).to.equal(2);
    expect(later.last).to.equal(5);
  });

  it('a backfill moves its browsers to the live feed, whichever of the two is ahead', async () => {
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

  it('a backfill matches by id and bytes, so that several events with one id are all delivered [R35]', async () => {
    const { upstream, take } = registryWith();
    const got = { live: '', back: '' };
    const read = async (name: 'live' | 'back', cursor: string) => {
      const subscription = take(cursor);
      await subscription.ready;
      const onFrames = (buffer: Buffer, start: number, end: number) => {
        got[name] += buffer.subarray(start, end);
        return true;
      };
      subscription.deliverTo({ onFrames, onControlEvent: () => {}, onLagging: never, onEnd: () => {} });
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

  it('a backfill ends with its last browser', async () => {
    const { upstream, join, emit } = registryWith();
    emit(5);
    await join();
    const [one, two] = [await join(2), await join(2)];
    one.leave();
    expect(upstream.connections).to.equal(2);
    two.leave();
    expect(upstream.connections).to.equal(1);
  });

  it('serves browsers with many ids by one upstream connection at a time [R51]', async () => {
    const { upstream, join, emit, arrive } = registryWith({ replay: { maxEvents: 20 } });
    emit(30);
    const live = await join();
    emit(30);
    arrive(0);
    const viewers: Viewer[] = [];
    for (let last = 1; last <= 36; last++) viewers.push(await join(last));
    expect(upstream.connections).to.equal(2);
    for (let turn = 0; turn < 60; turn++) {
      upstream.live[1]?.arrive(20, 20);
      await settle();
      expect(upstream.connections).to.be.at.most(2);
    }
    expect(viewers.map(({ last }) => last)).to.deep.equal(viewers.map(() => 60));
    expect([live.last, upstream.connections]).to.deep.equal([60, 1]);
  });

  it('opens no other backfill while one is busy, and refuses browsers that have waited for ten seconds', async () => {
    const { upstream, take, join, emit, arrive } = registryWith({ replay: { maxEvents: 1 } });
    emit(100);
    await join();
    await join(50);
    const errors: unknown[] = [];
    take('7').ready.catch((error) => errors.push(error.code));
    for (let second = 1; second <= 10; second++) {
      expect([upstream.connections, errors]).to.deep.equal([2, []]);
      upstream.live[1]?.arrive(60, 60);
      await settle();
      clock.tick(1_000);
      await settle();
    }
    expect([upstream.connections, errors]).to.deep.equal([2, ['ERR_SSE_OVERLOAD']]);
    arrive(0);
  });

  it('lets browsers wait for a second before it opens another backfill, and refuses the 33rd as an overload', async () => {
    const { upstream, take, emit, join } = registryWith();
    emit(100);
    await join();
    const errors: unknown[] = [];
    for (let last = 1; last <= 40; last++) take(String(last)).ready.catch((error) => errors.push(error.code));
    clock.tick(999);
    expect(upstream.connections).to.equal(2);
    clock.tick(1);
    await settle();
    expect(upstream.connections).to.equal(33);
    expect(errors).to.deep.equal(Array(8).fill('ERR_SSE_OVERLOAD'));
    expect((await join()).isReading, 'a browser that needs no backfill').to.equal(true);
  });

  it('keeps a backfill that is slower than the live feed until its browsers have everything [R35]', async () => {
    const { upstream, join, emit, arrive, gaps } = registryWith({ replay: { maxEvents: 3 } });
    emit(10);
    await join();
    const back = await join(1);
    for (let second = 1; second <= 25; second++) {
      emit(10);
      arrive(0);
      upstream.live[1]?.arrive(20, 20);
      await settle();
      clock.tick(1_000);
    }
    expect([upstream.connections, gaps]).to.deep.equal([2, []]);
    arrive(1);
    await settle();
    expect([back.last, upstream.connections, gaps]).to.deep.equal([260, 1, []]);
  });

  it('moves a backfill to the live feed by the last id where the upstream changes the bytes of an event', async () => {
    const { upstream, join, arrive } = registryWith();
    for (let n = 1; n <= 3; n++) upstream.emit(`id: ${n}\ndata: ${dataOf(n).replaceAll('\n', '\ndata: ')}\n\n`);
    const live = await join();
    upstream.emit(bytesOf(4, 0));
    arrive(0);
    const back = await join(1);
    upstream.live[1]?.rewrite((text) => text.replaceAll('id: ', 'event: message\nid: '));
    arrive(1);
    await settle();
    expect([back.last, live.last, upstream.connections]).to.deep.equal([4, 4, 1]);
  });

  it('a backfill is resumed for its own browsers when it breaks', async () => {
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
    expect([back.last, back.isReading]).to.deep.equal([5, true]);
  });

  it('keeps a backfill that has lost its upstream for as long as that may be away, while the live feed goes on', async () => {
    const { upstream, join, emit, arrive, gaps } = registryWith({ replay: { maxEvents: 3 } }, undefined, 60_000);
    emit(10);
    await join();
    const back = await join(1);
    upstream.live[1]?.arrive(50, 50);
    upstream.live[1]?.rst();
    upstream.down = true;
    for (let second = 1; second <= 30; second++) {
      emit(1);
      arrive(0);
      clock.tick(1_000);
      await settle();
    }
    expect([back.isReading, gaps]).to.deep.equal([true, []]);
    upstream.down = false;
    clock.tick(1_000);
    await settle();
    arrive(1);
    await settle();
    expect([back.last, upstream.connections, gaps]).to.deep.equal([40, 1, []]);
  });

  it('a backfill matches a live feed whose only browser left before it had read anything', async () => {
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

  it('refuses browsers that wait for a backfill when the live feed ends', async () => {
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
