import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs } from '../src/feed/backoff.ts';

const bounds = { minDelayMs: 100, maxDelayMs: 1_000 };
const waits = (random: number, floorMs?: number) =>
  [0, 1, 2, 3, 4, 5, 1_000].map((attempt) => backoffMs(attempt, bounds, floorMs, () => random));

describe('backoff', () => {
  it('the backoff doubles from minDelayMs up to maxDelayMs, and stays there', () => {
    expect(waits(1)).to.deep.equal([100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it('each wait is between half of the backoff and all of it', () => {
    expect(waits(0)).to.deep.equal([50, 100, 200, 400, 500, 500, 500]);
    expect(waits(0.5)).to.deep.equal([75, 150, 300, 600, 750, 750, 750]);
  });

  it('the backoff never waits less than the floor, and spreads browsers that got the same floor', () => {
    expect(waits(0, 300)).to.deep.equal([300, 300, 300, 400, 500, 500, 500]);
    expect(backoffMs(0, bounds, 300, () => 1)).to.equal(350);
    expect(backoffMs(9, bounds, 5_000, () => 1)).to.equal(5_500);
  });

  it('the backoff clamps the floor to five minutes', () => {
    expect(backoffMs(0, bounds, 1e20, () => 0)).to.equal(300_000);
    expect(backoffMs(0, bounds, Number.POSITIVE_INFINITY, () => 0)).to.equal(300_000);
    expect(backoffMs(0, bounds, 300_000, () => 0)).to.equal(300_000);
  });

  it('the backoff is random unless told otherwise', () => {
    const seen = new Set(Array.from({ length: 50 }, () => backoffMs(0, bounds)));
    expect(seen.size).to.be.greaterThan(10);
  });

  it('the backoff of any attempt is a delay that a timer accepts', () => {
    const any = fc.record({ attempt: fc.nat(), min: fc.integer({ min: 1, max: 1_000 }), floor: fc.double({ min: 0 }) });
    fc.assert(
      fc.property(any, fc.double({ min: 0, max: 1, noNaN: true }), ({ attempt, min, floor }, random) => {
        fc.pre(!Number.isNaN(floor));
        const wait = backoffMs(attempt, { minDelayMs: min, maxDelayMs: min * 7 }, floor, () => random);
        expect(wait).to.be.within(Math.max(min / 2, Math.min(floor, 300_000)), 300_000 + min * 7);
      }),
    );
  });
});
