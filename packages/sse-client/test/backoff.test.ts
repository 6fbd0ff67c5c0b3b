import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs, maxFloorMs, retryAfterMs } from '../src/connection/backoff.ts';

describe('backoffMs()', () => {
  it('backoffMs() is at least the floor and at most the larger of backoff and floor plus jitter (property)', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(2_000),
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat(20_000),
        fc.nat(10_000_000),
        chance,
        (retry, min, max, floor, random) => {
          const ms = backoffMs(retry, { minDelayMs: min, maxDelayMs: max }, floor, () => random);
          const asked = Math.min(floor, maxFloorMs);
          expect(ms).to.be.at.least(asked);
          expect(ms).to.be.at.most(Math.round(Math.max(Math.min(min * 2 ** retry, max), asked * 1.25)));
        },
      ),
    );
  });

  it('backoffMs() spreads the waits from 0 to the ceiling, or from the floor on', () => {
    const bounds = { minDelayMs: 1_000, maxDelayMs: 10_000 };
    expect(backoffMs(2, bounds, 0, () => 0)).to.equal(0);
    expect(backoffMs(2, bounds, 0, () => 0.5)).to.equal(2_000);
    expect(backoffMs(9, bounds, 0, () => 0.999999)).to.equal(10_000);
    expect(backoffMs(9, bounds, 6_000, () => 0.5)).to.equal(8_000);
  });
});

describe('retryAfterMs()', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');

  it('retryAfterMs() reads seconds or an HTTP date, and returns 0 for anything else', () => {
    for (const [value, ms] of [
      ['0', 0],
      ['120', 120_000],
      ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
      ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
      ['-5', 0],
      ['later', 0],
      ['', 0],
      [null, 0],
    ] as const)
      expect(retryAfterMs(value, now), String(value)).to.equal(ms);
  });
});
