import { expect } from 'chai';
import fc from 'fast-check';
import { createLimiter } from '../src/config/limiter.ts';
import type { LimitAnswer, LimitRequest, StreamLimiter } from '../src/types.ts';

const none = Number.POSITIVE_INFINITY;
const ask = (limiter: StreamLimiter, key?: string) => limiter.acquire({ key } as LimitRequest) as LimitAnswer;

describe('the built-in limiter', () => {
  const { now } = performance;
  let clock = 0;
  beforeEach(() => {
    clock = 1_000_000;
    performance.now = () => clock;
  });
  afterEach(() => {
    performance.now = now;
  });

  it('opensPerMinute is a sliding minute: a place is free a minute after each open, to the millisecond', () => {
    const limiter = createLimiter({ total: none, perKey: none, opensPerMinute: 2 });
    expect(ask(limiter, 'a').ok).to.equal(true);
    clock += 10_000;
    expect(ask(limiter, 'a').ok).to.equal(true);
    clock += 20_000;
    expect(ask(limiter, 'a')).to.deep.equal({ ok: false, limit: 'rate', retryAfterMs: 30_000 });
    clock += 29_999;
    expect(ask(limiter, 'a')).to.deep.equal({ ok: false, limit: 'rate', retryAfterMs: 1 });
    clock += 1;
    expect(ask(limiter, 'a').ok).to.equal(true);
    expect(ask(limiter, 'a')).to.deep.equal({ ok: false, limit: 'rate', retryAfterMs: 10_000 });
  });

  it('refused opens are not counted: whoever keeps trying gets in all the same', () => {
    const limiter = createLimiter({ total: none, perKey: none, opensPerMinute: 1 });
    ask(limiter, 'a');
    for (let i = 0; i < 59; i++) {
      clock += 1_000;
      expect(ask(limiter, 'a').ok).to.equal(false);
    }
    clock += 1_000;
    expect(ask(limiter, 'a').ok).to.equal(true);
  });

  it('an open that another limit refuses is not counted either', () => {
    const limiter = createLimiter({ total: none, perKey: 1, opensPerMinute: 2 });
    const first = ask(limiter, 'a');
    expect(ask(limiter, 'a')).to.deep.equal({ ok: false, limit: 'key' });
    if (first.ok) first.release();
    expect(ask(limiter, 'a').ok).to.equal(true);
  });

  it('a permit released twice gives back one place', () => {
    const limiter = createLimiter({ total: 2, perKey: 2, opensPerMinute: none });
    const first = ask(limiter, 'a');
    ask(limiter, 'a');
    if (first.ok) for (const _ of [1, 2]) first.release();
    expect(ask(limiter, 'a').ok).to.equal(true);
    expect(ask(limiter, 'a')).to.deep.equal({ ok: false, limit: 'total' });
  });

  it('forgets who has nothing open and opened nothing for a minute: it is as large as its users of a minute', () => {
    const maps = new Set<Map<unknown, unknown>>();
    const { set } = Map.prototype;
    Map.prototype.set = function (this: Map<unknown, unknown>, key, value) {
      maps.add(this);
      return set.call(this, key, value);
    };
    try {
      const limiter = createLimiter({ total: none, perKey: 1, opensPerMinute: 1 });
      for (let user = 0; user < 1_000; user++) {
        const answer = ask(limiter, `user ${user}`);
        if (answer.ok) answer.release();
        clock += 1_000;
      }
    } finally {
      Map.prototype.set = set;
    }
    expect(maps.size).to.equal(2);
    for (const map of maps) expect(map.size).to.be.at.most(120);
  });

  it('against a plain count: never more open than a limit allows, never fewer let in', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', undefined), leave: fc.option(fc.nat(20)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const limiter = createLimiter({ total: 5, perKey: 2, opensPerMinute: none });
        const open: { key: string | undefined; release(): void }[] = [];
        for (const { key, leave } of steps) {
          if (leave !== null && open.length > 0) open.splice(leave % open.length, 1)[0]!.release();
          const ofKey = open.filter((held) => held.key === key).length;
          const answer = ask(limiter, key);
          if (open.length === 5) expect(answer).to.deep.equal({ ok: false, limit: 'total' });
          else if (key !== undefined && ofKey === 2) expect(answer).to.deep.equal({ ok: false, limit: 'key' });
          else expect(answer.ok).to.equal(true);
          if (answer.ok) open.push({ key, release: () => answer.release() });
        }
      }),
      { numRuns: 500 },
    );
  });
});
