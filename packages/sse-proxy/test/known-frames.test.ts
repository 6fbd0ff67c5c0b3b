import { expect } from 'chai';
import fc from 'fast-check';
import { KnownFrames } from '../src/feed/known-frames.ts';
import { maxReplayWindow, ReplayWindow, replayWindow } from '../src/feed/replay-window.ts';

interface Frame {
  readonly id: string | undefined;
  readonly text: string;
}

function windowOf(frames: readonly Frame[]): ReplayWindow {
  const window = new ReplayWindow();
  for (const { id, text } of frames) {
    const bytes = Buffer.from(text);
    window.record(bytes, 0, bytes.length, id);
  }
  return window;
}

function lookFor(known: KnownFrames, { id, text }: Frame): void {
  const bytes = Buffer.from(text);
  known.lookFor(bytes, 0, bytes.length, id);
}

const frame = fc.record({
  id: fc.option(fc.constantFrom('1', '2', '3', 'x', 'y'), { nil: undefined }),
  text: fc.constantFrom('a', 'b', 'c'),
});

describe('KnownFrames', () => {
  it('KnownFrames returns each position once, in order, for frames of which ids and contents are repeated [R35]', () => {
    const property = fc.property(
      fc.array(frame, { maxLength: 40 }),
      fc.array(fc.tuple(frame, fc.integer({ min: -1, max: 40 })), { maxLength: 80 }),
      (remembered, wanted) => {
        const known = new KnownFrames(windowOf(remembered));
        const isLeft = remembered.map(({ id }) => id !== undefined);
        for (const [looked, after] of wanted) {
          lookFor(known, looked);
          const isEqual = ({ id, text }: Frame) => id === looked.id && text === looked.text;
          if (looked.id === undefined) {
            const without = remembered.map((it) => it.id === undefined && it.text === looked.text);
            expect(remembered.map((_, position) => known.isWithoutId(position))).to.deep.equal(without);
            expect(known.isWithoutId(remembered.length)).to.equal(false);
            continue;
          }
          const left = remembered.flatMap((it, position) => (isLeft[position] && isEqual(it) ? [position] : []));
          const expected = left.find((position) => position > after) ?? left[0];
          expect(known.hasId).to.equal(remembered.some(({ id }) => id === looked.id));
          expect(known.take(after)).to.equal(expected);
          if (expected !== undefined) isLeft[expected] = false;
        }
      },
    );
    fc.assert(property);
  });

  it('KnownFrames does not rely on an id of which the oldest frames may be forgotten', () => {
    const frames = Array.from({ length: maxReplayWindow + 10 }, (_, n) => ({
      id: `${Math.floor(n / 20)}`,
      text: `${n}`,
    }));
    const known = new KnownFrames(windowOf(frames));
    for (const [id, expected] of [
      ['0', false],
      ['1', true],
      ['400', true],
      ['401', false],
    ] as const) {
      lookFor(known, { id, text: 'another' });
      expect(known.hasId, id).to.equal(expected);
    }
  });

  it('KnownFrames is not affected by what its window records and forgets later', () => {
    const frames = Array.from({ length: 700 }, (_, n) => ({ id: `${n}`, text: `${n}` }));
    const window = windowOf(frames);
    const known = new KnownFrames(window);
    for (let n = 0; n < 2 * replayWindow; n++) window.record(Buffer.from('later'), 0, 5, `later ${n}`);
    window.forgetBefore(window.end);
    for (const [n, looked] of frames.entries()) {
      lookFor(known, looked);
      expect(known.take(n - 1)).to.equal(n);
      expect(known.take(n - 1)).to.equal(undefined);
    }
  });
});
