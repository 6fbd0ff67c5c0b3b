import { expect } from 'chai';
import { SseProxyError } from '../src/errors.ts';
import { clock } from './support/clock.ts';
import { registryWith, settle } from './support/registry.ts';

describe('registry of shared feeds', () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  it('ends a feed lingerMs after its last browser left, and not before', async () => {
    const { upstream, registry, join } = registryWith({ lingerMs: 100 });
    const viewer = await join();
    viewer.leave();
    clock.tick(99);
    expect([registry.size, upstream.connections]).to.deep.equal([1, 1]);
    clock.tick(1);
    expect([registry.size, upstream.connections]).to.deep.equal([0, 0]);
  });

  it('keeps a lingering feed for a browser that comes in time, and lingers again when it leaves', async () => {
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

  it('does not end a new feed by the linger of an old one with the same key', async () => {
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

  it('counts a subscription once however often it is closed', async () => {
    const { registry, take, join } = registryWith({ lingerMs: 10 });
    const twice = take();
    await join();
    twice.close();
    twice.close();
    clock.tick(100);
    expect(registry.size).to.equal(1);
  });

  it('a shared feed reads nothing before every browser that waited for the first response reads', async () => {
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

  it('counts live feeds, lingering ones and backfills against limits.upstreams [R53]', async () => {
    const { upstream, take, join, emit } = registryWith({ lingerMs: 60_000 }, 3);
    emit(9);
    await join();
    take('', ['x', '1']);
    take('3');
    expect(upstream.connections).to.equal(3);
    expect(() => take('', ['x', '2']))
      .to.throw(SseProxyError)
      .with.property('code', 'ERR_SSE_LIMIT_UPSTREAMS');
    expect(upstream.connections).to.equal(3);
  });

  it('closes the feed that has lingered longest before it refuses a browser [R53]', async () => {
    const { upstream, registry, take } = registryWith({ lingerMs: 60_000 }, 2);
    const [first, second] = [take('', ['x', '1']), take('', ['x', '2'])];
    second.close();
    clock.tick(10);
    first.close();
    take('', ['x', '3']);
    expect([registry.size, upstream.connections]).to.deep.equal([2, 2]);
    take('', ['x', '1']);
    expect(() => take('', ['x', '4'])).to.throw(SseProxyError);
    registry.close();
    expect(() => take('', ['x', '5'])).to.not.throw();
  });
});
