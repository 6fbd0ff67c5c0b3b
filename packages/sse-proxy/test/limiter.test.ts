import { expect } from 'chai';
import fc from 'fast-check';
import { clientSubnet } from '../src/config/client-subnet.ts';
import { createLimiter, type RuleBounds } from '../src/config/limiter.ts';
import { SlidingWindow } from '../src/config/sliding-window.ts';
import { UpstreamPermits } from '../src/config/upstream-permits.ts';
import { SseProxyError } from '../src/index.ts';
import type { LimitRequest, LimitResult, StreamLimiter } from '../src/types.ts';

const none = Number.POSITIVE_INFINITY;
const ask = (limiter: StreamLimiter, key?: string) => limiter.acquire({ key } as LimitRequest) as LimitResult;
const byUser = (bounds: Omit<RuleBounds, 'name'>, total = none) =>
  createLimiter({ total, rules: [{ name: 'user', ...bounds }] });

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

  it('opensPerMinute is a sliding minute: a place is free 60,000 ms after each open', () => {
    const limiter = byUser({ opensPerMinute: 2 });
    expect(ask(limiter, 'a').ok).to.equal(true);
    clock += 10_000;
    expect(ask(limiter, 'a').ok).to.equal(true);
    clock += 20_000;
    expect(ask(limiter, 'a')).to.deep.equal({
      ok: false,
      rule: 'user',
      kind: 'opensPerMinute',
      retryAfterMs: 30_000,
    });
    clock += 29_999;
    expect(ask(limiter, 'a')).to.include({ ok: false, retryAfterMs: 1 });
    clock += 1;
    expect(ask(limiter, 'a').ok).to.equal(true);
    expect(ask(limiter, 'a')).to.include({ ok: false, retryAfterMs: 10_000 });
  });

  it('holds the bounds of a rule at once, and names the one with the longest wait', () => {
    const limiter = byUser({ max: 10, opensPerMinute: 5, opensPerHour: 100 });
    for (let minute = 0; minute < 20; minute++) {
      for (let i = 0; i < 5; i++) {
        const answer = ask(limiter, 'a');
        if (answer.ok) answer.release();
        else expect.fail(`refused in minute ${minute}`);
      }
      expect(ask(limiter, 'a')).to.include(
        minute < 19
          ? { kind: 'opensPerMinute', retryAfterMs: 60_000 }
          : { kind: 'opensPerHour', retryAfterMs: 2_460_000 },
      );
      clock += 60_000;
    }
    clock += 2_400_000 - 1;
    expect(ask(limiter, 'a')).to.include({ kind: 'opensPerHour', retryAfterMs: 1 });
    clock += 1;
    expect(ask(limiter, 'a').ok).to.equal(true);
  });

  it('does not count refused opens: a browser that keeps trying gets in as soon as one that waits', () => {
    const limiter = byUser({ opensPerMinute: 1 });
    ask(limiter, 'a');
    for (let i = 0; i < 59; i++) {
      clock += 1_000;
      expect(ask(limiter, 'a').ok).to.equal(false);
    }
    clock += 1_000;
    expect(ask(limiter, 'a').ok).to.equal(true);
  });

  it('grants the permits of all rules or of none', () => {
    const limiter = createLimiter({
      total: none,
      rules: [
        { name: 'opens', key: () => 'all', opensPerMinute: 2, max: 2 },
        { name: 'user', max: 1 },
      ],
    });
    const first = ask(limiter, 'a');
    for (let i = 0; i < 5; i++) expect(ask(limiter, 'a')).to.deep.equal({ ok: false, rule: 'user', kind: 'max' });
    expect(ask(limiter, 'b').ok).to.equal(true);
    expect(ask(limiter, 'c')).to.deep.equal({ ok: false, rule: 'opens', kind: 'opensPerMinute', retryAfterMs: 60_000 });
    if (first.ok) first.release();
    clock += 60_000;
    expect(ask(limiter, 'a').ok).to.equal(true);
    expect(ask(limiter, 'a')).to.include({ rule: 'opens', kind: 'max' });
  });

  it('names the first rule that refuses, with the longest wait of all that do', () => {
    const limiter = createLimiter({
      total: none,
      rules: [
        { name: 'minute', opensPerMinute: 1 },
        { name: 'hour', opensPerHour: 1 },
      ],
    });
    ask(limiter, 'a');
    const refusal = { ok: false, rule: 'minute', kind: 'opensPerMinute', retryAfterMs: 3_600_000 };
    expect(ask(limiter, 'a')).to.deep.equal(refusal);
  });

  it('frees one place for a permit that is released twice', () => {
    const limiter = byUser({ max: 2 }, 2);
    const first = ask(limiter, 'a');
    ask(limiter, 'a');
    if (first.ok) for (const _ of [1, 2]) first.release();
    expect(ask(limiter, 'a').ok).to.equal(true);
    expect(ask(limiter, 'a')).to.deep.equal({ ok: false, rule: 'total', kind: 'total' });
  });

  const wrongKeys: [string, () => unknown][] = [
    ['a number', () => 5],
    ['null', () => null],
    ['an empty string', () => ''],
    ['a promise', () => Promise.reject(new Error('no'))],
    ['an object', () => ({})],
  ];
  for (const [what, key] of wrongKeys) {
    it(`refuses with ERR_SSE_HOOK that names the rule if its key is ${what}, and counts nothing`, () => {
      const rules: RuleBounds[] = [
        { name: 'before', key: () => 'all', max: 1 },
        { name: 'odd', key: key as () => string, max: 1 },
      ];
      const limiter = createLimiter({ total: 1, rules });
      for (const _ of [1, 2]) {
        expect(() => ask(limiter, 'a'))
          .to.throw(
            SseProxyError,
            /^key of limits\.rules odd must return a string that is not empty, or undefined, returned /,
          )
          .with.property('code', 'ERR_SSE_HOOK');
      }
    });
  }

  it('refuses with ERR_SSE_HOOK if a key function throws, with its error as the cause', () => {
    const cause = new Error('no');
    const key = () => {
      throw cause;
    };
    const error = (() => {
      try {
        return ask(byUser({ key, max: 1 }));
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).to.be.instanceOf(SseProxyError).and.include({ code: 'ERR_SSE_HOOK', cause });
  });

  it('never has more streams open than a limit allows, and never refuses one below it', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', undefined), leave: fc.option(fc.nat(20)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const limiter = byUser({ max: 2 }, 5);
        const open: { key: string | undefined; release(): void }[] = [];
        for (const { key, leave } of steps) {
          if (leave !== null && open.length > 0) open.splice(leave % open.length, 1)[0]!.release();
          const ofKey = open.filter((held) => held.key === key).length;
          const answer = ask(limiter, key);
          if (open.length === 5) expect(answer).to.deep.equal({ ok: false, rule: 'total', kind: 'total' });
          else if (key !== undefined && ofKey === 2)
            expect(answer).to.deep.equal({ ok: false, rule: 'user', kind: 'max' });
          else expect(answer.ok).to.equal(true);
          if (answer.ok) open.push({ key, release: () => answer.release() });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the sliding window', () => {
  useClock();

  it('agrees with a plain list of times', () => {
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

  it('forgets a key whose opens have all left the window', () => {
    const window = new SlidingWindow(1, 60_000);
    for (let user = 0; user < 1_000; user++) {
      window.add(`user ${user}`);
      clock += 1_000;
    }
    expect(window.size.keys).to.be.at.most(61);
    expect(window.size.groups).to.equal(window.size.keys);
  });

  it('remembers at most 100,000 keys: those that opened last', () => {
    const window = new SlidingWindow(1, 3_600_000);
    for (let user = 0; user < 100_005; user++) window.add(`user ${user}`);
    expect(window.size).to.deep.equal({ keys: 100_000, groups: 100_000 });
    expect([window.waitMs('user 4'), window.waitMs('user 5')]).to.deep.equal([0, 3_600_000]);
  });

  it('stores at most 1,000,000 groups of opens', () => {
    const window = new SlidingWindow(256, 3_600_000);
    for (let user = 0; user < 4_000; user++) for (let i = 0; i < 256; i++) window.add(`user ${user}`);
    expect(window.size).to.deep.equal({ keys: 3_906, groups: 3_906 * 256 });
  });

  it('is never too lenient with a large bound, and at most 1/256 of the window too strict', () => {
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
  it('grants up to the bound; a release counts once', () => {
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
    it(`groups ${address} as ${subnet}`, () => expect(clientSubnet(address)).to.equal(subnet));
  }
});
