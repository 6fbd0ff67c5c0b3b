import { expect } from 'chai';
import fc from 'fast-check';
import { clientSubnet } from '../src/config/client-subnet.ts';
import { SlidingWindow } from '../src/config/sliding-window.ts';
import { UpstreamPermits } from '../src/config/upstream-permits.ts';
import { localLimiter, SseProxyError } from '../src/index.ts';
import type { LimitRequest } from '../src/types.ts';
import { ask, limiterContract } from './support/limiter-contract.ts';

/** The time that the limiter reads. */
let clock = 0;

function useClock(): void {
  const { now } = performance;
  beforeEach(() => {
    clock = 1_000_000;
    performance.now = () => clock;
  });
  afterEach(() => {
    performance.now = now;
  });
}

describe('the built-in limiter', () => {
  useClock();
  limiterContract('localLimiter', {
    create: localLimiter,
    pass(ms) {
      clock += ms;
    },
    slackMs: 0,
    runs: 300,
  });

  it('the built-in limiter frees a place exactly 60,000 ms after an open', async () => {
    const limiter = localLimiter({ rules: [{ name: 'user', opensPerMinute: 1 }] });
    await ask(limiter, 'a');
    clock += 59_999;
    expect(await ask(limiter, 'a')).to.include({ ok: false, retryAfterMs: 1 });
    clock += 1;
    expect((await ask(limiter, 'a')).ok).to.equal(true);
  });

  it('the built-in limiter counts a stream that another limiter admitted, even beyond a limit', async () => {
    const limiter = localLimiter({ rules: [{ name: 'user', max: 1 }] });
    const keys = limiter.keysOf({ key: 'a' } as LimitRequest);
    const permits = [limiter.enter(keys), limiter.enter(keys)];
    expect(limiter.refusal(keys)).to.deep.equal({ ok: false, rule: 'user', kind: 'max' });
    permits[0]!.release();
    expect(limiter.refusal(keys)?.kind).to.equal('max');
    permits[1]!.release();
    expect(limiter.refusal(keys)).to.equal(undefined);
  });

  it('refuses wrong limits with an error that names the limit', () => {
    expect(() => localLimiter({ total: 0 }))
      .to.throw(SseProxyError, 'sse-proxy option limits.total: expected a whole number above 0, got 0')
      .with.property('code', 'ERR_SSE_OPTION');
    expect(() => localLimiter({ rules: [{ name: 'total', max: 1 }] })).to.throw('limits.rules[0].name');
  });
});

describe('the sliding window', () => {
  useClock();

  it('the sliding window agrees with a plain list of times', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b'), passMs: fc.nat(4_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), fc.integer({ min: 1, max: 8 }), (steps, most) => {
        const window = new SlidingWindow(most, 10_000);
        const times: Record<string, number[]> = { a: [], b: [] };
        for (const { key, passMs } of steps) {
          clock += passMs;
          const inside = times[key]!.filter((time) => time > clock - 10_000);
          const waitMs = inside.length < most ? 0 : inside.at(-most)! + 10_000 - clock;
          expect(window.waitMs(key)).to.equal(waitMs);
          if (waitMs > 0) continue;
          window.add(key);
          times[key]!.push(clock);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('the sliding window forgets a key whose opens have all left the window', () => {
    const window = new SlidingWindow(1, 60_000);
    for (let user = 0; user < 1_000; user++) {
      window.add(`user ${user}`);
      clock += 1_000;
    }
    expect(window.size.keys).to.be.at.most(61);
    expect(window.size.groups).to.equal(window.size.keys);
  });

  it('the sliding window remembers at most 100,000 keys: those that opened last', () => {
    const window = new SlidingWindow(1, 3_600_000);
    for (let user = 0; user < 100_005; user++) window.add(`user ${user}`);
    expect(window.size).to.deep.equal({ keys: 100_000, groups: 100_000 });
    expect([window.waitMs('user 4'), window.waitMs('user 5')]).to.deep.equal([0, 3_600_000]);
  });

  it('the sliding window stores at most 1,000,000 groups of opens', () => {
    const window = new SlidingWindow(256, 3_600_000);
    for (let user = 0; user < 4_000; user++) for (let i = 0; i < 256; i++) window.add(`user ${user}`);
    expect(window.size).to.deep.equal({ keys: 3_906, groups: 3_906 * 256 });
  });

  it('the sliding window is never too lenient with a large bound, and at most 1/256 of the window too strict', () => {
    const window = new SlidingWindow(10_000, 3_600_000);
    for (let i = 0; i < 10_000; i++) {
      expect(window.waitMs('a')).to.equal(0);
      window.add('a');
      clock += 300;
    }
    const exactMs = 3_600_000 - 3_000_000;
    expect(window.waitMs('a')).to.be.within(exactMs, exactMs + 3_600_000 / 256 + 1);
  });
});

describe('upstream permits', () => {
  it('upstream permits are granted up to the bound, and a permit that is released twice counts once', () => {
    const permits = new UpstreamPermits(2);
    const release = permits.acquire();
    permits.acquire();
    expect(permits.tryAcquire()).to.equal(undefined);
    expect(() => permits.acquire())
      .to.throw(SseProxyError, 'limits.upstreams reached: 2 upstream connections are open')
      .and.include({ code: 'ERR_SSE_LIMIT_UPSTREAMS', rule: 'upstreams' });
    release();
    release();
    expect(permits.held).to.equal(1);
  });
});

describe('clientSubnet', () => {
  const subnets: [address: string | undefined, subnet: string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:5678', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]:443', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['unknown', 'unknown'],
    ['', 'unknown'],
    ['1.2.3.4, 5.6.7.8', 'unknown'],
    ['2001:db8:::1', 'unknown'],
    [undefined, 'unknown'],
  ];
  for (const [address, subnet] of subnets) {
    it(`clientSubnet groups ${address} as ${subnet}`, () => expect(clientSubnet(address)).to.equal(subnet));
  }
});
