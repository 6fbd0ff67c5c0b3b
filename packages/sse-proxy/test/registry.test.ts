import { expect } from 'chai';
import { clock } from './support/clock.ts';
import { registryWith, settle } from './support/registry.ts';

describe('the registry of shared feeds', () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  it('ends a feed when its linger is over, not a moment before', async () => {
    const { upstream, registry, join } = registryWith({ lingerMs: 100 });
    const viewer = await join();
    viewer.leave();
    clock.tick(99);
    expect([registry.size, upstream.connections]).to.deep.equal([1, 1]);
    clock.tick(1);
    expect([registry.size, upstream.connections]).to.deep.equal([0, 0]);
  });

  it('a browser that comes in time cancels the linger; the next one to leave begins a new one', async () => {
    const { registry, join } = registryWith({ lingerMs: 100 });
    (await join()).leave();
    clock.tick(99);
    const second = await join();
    clock.tick(1_000);
    expect(registry.size).to.equal(1);
    second.leave();
    clock.tick(99);
    expect(registry.size).to.equal(1);
    clock.tick(1);
    expect(registry.size).to.equal(0);
  });

  it('a feed that ended by itself while it lingered is not ended again when another has its place', async () => {
    const { upstream, registry, join } = registryWith({ lingerMs: 5_000 });
    (await join()).leave();
    upstream.down = true;
    upstream.live[0]?.rst();
    for (let i = 0; i < 20 && registry.size > 0; i++) {
      clock.tick(100);
      await settle();
    }
    expect(registry.size).to.equal(0);
    upstream.down = false;
    await join();
    clock.tick(5_000);
    expect(registry.size).to.equal(1);
  });

  it('close() can be called for a subscription again and again', async () => {
    const { registry, take, join } = registryWith({ lingerMs: 10 });
    const twice = take();
    await join();
    twice.close();
    twice.close();
    clock.tick(100);
    expect(registry.size).to.equal(1);
  });

  it('reads nothing before the first reader: what comes at once is for those who wait, too', async () => {
    const { upstream, join, emit, arrive } = registryWith({ replay: { maxEvents: 1 } });
    emit(5);
    upstream.hangs = true;
    const viewers = [await join(2), await join(2)];
    arrive(0);
    await settle();
    arrive(0);
    expect(viewers.map(({ last }) => last)).to.deep.equal([5, 5]);
    expect(upstream.connections).to.equal(1);
  });
});
