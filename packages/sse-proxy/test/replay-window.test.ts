import { expect } from 'chai';
import { contentDigest, idDigest } from '../src/feed/frame-mark.ts';
import { maxReplayWindow, ReplayWindow, replayWindow } from '../src/feed/replay-window.ts';

/** More than the time for which frames are remembered beyond `replayWindow`. */
const calmMs = 11_000;

describe('ReplayWindow', () => {
  const realNow = performance.now;
  let nowMs = 0;
  beforeEach(() => {
    nowMs = 1_000;
    performance.now = () => nowMs;
  });
  afterEach(() => {
    performance.now = realNow;
  });

  const bytesOf = (n: number) => Buffer.from(`id: i${n}\ndata: ${n}\n\n`);

  /** Records numbered frames, with `everyMs` milliseconds from one to the next. */
  function record(window: ReplayWindow, count: number, everyMs: number): void {
    for (let i = 0; i < count; i++) {
      const bytes = bytesOf(window.end);
      window.record(bytes, 0, bytes.length, `i${window.end}`);
      nowMs += everyMs;
    }
  }

  function expectRemembered(window: ReplayWindow): void {
    let wrong = 0;
    for (let position = window.start; position < window.end; position++) {
      const bytes = bytesOf(position);
      const isContent = window.contentAt(position) === contentDigest(bytes, 0, bytes.length);
      if (!isContent || window.idAt(position) !== idDigest(`i${position}`)) wrong++;
    }
    expect(wrong).to.equal(0);
  }

  for (const [what, everyMs, least] of [
    ['one frame a second', 1_000, replayWindow],
    ['80 frames a second', 12.5, replayWindow],
    ['1,000 frames a second', 1, maxReplayWindow],
    ['a burst', 0, maxReplayWindow],
  ] as const) {
    it(`the replay window remembers ${least} frames of ${what}`, () => {
      const window = new ReplayWindow();
      for (let i = 0; i < 12; i++) {
        record(window, 1_001, everyMs);
        expect(window.end - window.start).to.be.at.most(least);
        expectRemembered(window);
      }
      expect(window.end - window.start).to.equal(least);
      expect(window.isComplete).to.equal(false);
    });
  }

  it('the replay window remembers at least the frames of the last seconds, at any rate', () => {
    for (const rate of [150, 250, 400, 750]) {
      const window = new ReplayWindow();
      record(window, 20 * rate, 1_000 / rate);
      expect(window.end - window.start, `${rate} per second`).to.be.at.least(Math.min(9 * rate, maxReplayWindow));
      expectRemembered(window);
    }
  });

  it('the replay window releases what it does not need once a stream is calm again, and keeps the rest', () => {
    const window = new ReplayWindow();
    record(window, 20_000, 0);
    nowMs += calmMs;
    record(window, replayWindow + 64, 20);
    expect(window.end - window.start).to.be.at.most(replayWindow);
    expectRemembered(window);
    record(window, 20_000, 0);
    expect(window.end - window.start).to.equal(maxReplayWindow);
    expectRemembered(window);
  });

  it('the replay window releases what a stream that was busy does not need at the first check after a later frame', () => {
    const window = new ReplayWindow();
    const size = () => window.end - window.start;
    record(window, 20_000, 0);
    // An upstream repeats what precedes the cursor, however long the stream is quiet.
    for (let i = 0; i < 20; i++) {
      nowMs += calmMs;
      window.shrink();
      expect(size()).to.equal(maxReplayWindow);
    }
    record(window, 1, 0);
    window.shrink();
    expect(size()).to.equal(replayWindow);
    expectRemembered(window);
  });

  it('the replay window remembers at least the frames of the last seconds before the newest one, if it is checked at any time', () => {
    for (const rate of [1, 30, 90, 150, 400, 900]) {
      const window = new ReplayWindow();
      record(window, 10_000, 0.1);
      for (let i = 0; i < 12; i++) {
        record(window, 2 * rate, 1_000 / rate);
        window.shrink();
        const { length } = Array.from({ length: Math.min(9 * rate, maxReplayWindow, 2 * rate * (i + 1)) });
        expect(window.end - window.start, `${rate} per second`).to.be.at.least(length);
      }
      if (rate < 150) expect(window.end - window.start, `${rate} per second`).to.be.at.most(2 * replayWindow);
      expectRemembered(window);
    }
  });

  it('the replay window copies another window with its size', () => {
    const [window, copy] = [new ReplayWindow(), new ReplayWindow()];
    record(window, 5_000, 0);
    copy.copyFrom(window);
    expect([copy.start, copy.end]).to.deep.equal([window.start, window.end]);
    record(copy, 5_000, 0);
    expectRemembered(copy);
    expectRemembered(window);
  });

  it('the replay window forgets what came before a restart of the ids, also when it grows', () => {
    const window = new ReplayWindow();
    record(window, 500, 0);
    window.forgetBefore(400);
    record(window, 3_000, 0);
    expect(window.start).to.equal(400);
    expect(window.isComplete).to.equal(true);
    expectRemembered(window);
  });
});
