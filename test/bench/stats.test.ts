import { expect } from 'chai';
import { affordable, sourceAddress } from './limits.ts';
import { chunk, Dechunker, EventScanner, eventData } from './processes/wire.ts';
import { median, merge, percentile, spread } from './stats.ts';

describe("the benchmark's statistics", () => {
  it('the median is the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).to.equal(5);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(median([7])).to.equal(7);
  });

  it('the spread is median, lowest and highest, and undefined without values', () => {
    expect(spread([3, 1, 2])).to.deep.equal({ median: 2, min: 1, max: 3 });
    expect(spread([])).to.equal(undefined);
  });

  it('a percentile is read from sorted values', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0, 0.5, 0.99, 1].map((share) => percentile(hundred, share))).to.deep.equal([1, 50, 99, 100]);
    expect(percentile([], 0.5)).to.be.NaN;
  });

  it('values of several processes are merged in order', () => {
    expect([...merge([Float64Array.of(10, 2), Float64Array.of(), Float64Array.of(9)])]).to.deep.equal([2, 9, 10]);
  });
});

describe("the benchmark's limits", () => {
  it('a dedicated browser takes two file descriptors, a shared one takes one', () => {
    expect(affordable(10_000, false, 20_000)).to.equal(9_900);
    expect(affordable(10_000, true, 20_000)).to.equal(10_000);
    expect(affordable(10_000, true, 1_024)).to.equal(824);
    expect(affordable(10_000, false, Number.POSITIVE_INFINITY)).to.equal(10_000);
  });

  it('browsers use further source addresses only if one has too few ports', () => {
    expect(sourceAddress(0, 10_000, 28_000)).to.equal(undefined);
    expect([0, 1].map((index) => sourceAddress(index, 25_000, 28_000))).to.deep.equal(['127.0.0.2', '127.0.0.3']);
  });
});

describe("the benchmark's browsers", () => {
  const text = [1, 2, 3].map((sequence) => `id: ${sequence}\ndata: ${eventData(sequence, 200)}\n\n`);
  const wire = Buffer.concat([chunk(':ok\n\n'), ...text.map(chunk), chunk(':\n\n')]);

  for (const size of [1, 2, 7, 100, wire.length]) {
    it(`every event is found once and comments are counted, in reads of ${size} bytes`, () => {
      const dechunker = new Dechunker();
      const scanner = new EventScanner();
      const found: number[] = [];
      for (let at = 0; at < wire.length; at += size) {
        dechunker.decode(wire.subarray(at, at + size), (body) =>
          scanner.scan(body, (sequence, sentUs) => {
            expect(sentUs).to.be.above(0);
            found.push(sequence);
          }),
        );
      }
      expect(found).to.deep.equal([1, 2, 3]);
      expect(scanner.comments).to.equal(2);
    });
  }
});
