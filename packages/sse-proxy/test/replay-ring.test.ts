import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ReplayBounds } from '../src/config/replay-bounds.ts';
import { ReplayRing } from '../src/feed/replay-ring.ts';

const wide: ReplayBounds = { maxEvents: 1_000, maxBytes: 1_000_000, maxAgeMs: 1_000_000 };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A ring with frames `ids`; each frame's bytes are its id in brackets. */
function ring(ids: string[], bounds: Partial<ReplayBounds> = {}): ReplayRing {
  const made = new ReplayRing({ ...wide, ...bounds });
  for (const id of ids) made.push(Buffer.from(`[${id}]`), true, id, 0);
  return made;
}
const text = (made: ReplayRing, from: number, maxBytes = 1_000_000, single = false) =>
  made.read(from, maxBytes, single).bytes.toString();

describe('replay ring', () => {
  it('is empty at first', () => {
    const made = ring([]);
    expect([made.start, made.end, made.bytes, made.after('a'), made.bytesFrom(0)]).to.deep.equal([
      0,
      0,
      0,
      undefined,
      0,
    ]);
    expect(made.read(0, 100)).to.deep.equal({ bytes: Buffer.alloc(0), events: 0, next: 0 });
  });

  it('gives what came after an id, which may itself be the newest', () => {
    const made = ring(['a', 'b', 'c']);
    expect(text(made, made.after('a') ?? -1)).to.equal('[b][c]');
    expect(made.after('c')).to.equal(made.end);
    expect(made.after('x')).to.equal(undefined);
  });

  it('keeps a position’s meaning while old frames are forgotten', () => {
    const made = ring(['a', 'b', 'c']);
    const position = made.after('b') ?? -1;
    made.push(Buffer.from('[d]'), true, 'd', 2_000_000);
    expect([made.start, made.end]).to.deep.equal([3, 4]);
    expect(position).to.equal(2);
    expect(made.after('d')).to.equal(4);
    expect(text(made, 3)).to.equal('[d]');
  });

  it('holds at most maxEvents', () => {
    const made = ring(['a', 'b', 'c', 'd'], { maxEvents: 3 });
    expect([made.start, made.end, made.bytes]).to.deep.equal([1, 4, 9]);
    expect(made.after('a')).to.equal(undefined);
    expect(made.after('b')).to.equal(2);
  });

  it('holds at most maxBytes, exactly that many included', () => {
    expect(ring(['a', 'b', 'c'], { maxBytes: 9 }).start).to.equal(0);
    const made = ring(['a', 'b', 'c', 'd'], { maxBytes: 9 });
    expect([made.start, made.bytes]).to.deep.equal([1, 9]);
    made.push(Buffer.alloc(8), true, 'big', 0);
    expect([made.start, made.end, made.bytes]).to.deep.equal([4, 5, 8]);
  });

  it('holds nothing of a frame that is larger than all it may hold, and goes on', () => {
    const made = ring(['a', 'longer than that', 'b'], { maxBytes: 3 });
    expect([made.start, made.end, made.bytes]).to.deep.equal([2, 3, 3]);
    const none = ring(['too long', 'this too'], { maxBytes: 3 });
    expect([none.start, none.end, none.bytes, none.after('this too')]).to.deep.equal([2, 2, 0, undefined]);
  });

  it('forgets by age, when time passes and when a frame comes; exactly maxAgeMs is young enough', () => {
    const made = new ReplayRing({ ...wide, maxAgeMs: 10 });
    made.push(Buffer.from('[a]'), true, 'a', 100);
    made.push(Buffer.from('[b]'), true, 'b', 105);
    made.expire(110);
    expect(made.start).to.equal(0);
    made.expire(111);
    expect(made.start).to.equal(1);
    made.push(Buffer.from('[c]'), true, 'c', 116);
    expect([made.start, text(made, 2)]).to.deep.equal([2, '[c]']);
    made.expire(1_000);
    expect([made.start, made.end, made.bytes]).to.deep.equal([3, 3, 0]);
    made.push(Buffer.from('[d]'), true, 'd', 1_000);
    expect([made.after('d'), text(made, 3)]).to.deep.equal([4, '[d]']);
  });

  it('knows the newest frame of an id that came twice, also when the older one is forgotten', () => {
    const made = ring(['a', 'b', 'a', 'c'], { maxEvents: 3 });
    expect(made.after('a')).to.equal(3);
    made.push(Buffer.from('[d]'), true, 'd', 0);
    made.push(Buffer.from('[e]'), true, 'e', 0);
    expect(made.after('a')).to.equal(undefined);
  });

  it('holds frames without an id, and knows an empty one', () => {
    const made = ring([]);
    made.push(Buffer.from('x'), true, undefined, 0);
    made.push(Buffer.from('y'), false, '', 0);
    expect(made.after('')).to.equal(2);
    expect(made.read(0, 100).events).to.equal(1);
  });

  it('finds a frame by id and content', () => {
    const made = ring(['a', 'b'], { maxEvents: 2 });
    made.push(Buffer.from('other'), true, 'b', 0);
    expect(made.find('b', Buffer.from('other'))).to.equal(2);
    expect(made.find('b', Buffer.from('[b]'))).to.equal(undefined);
    expect(made.find('a', Buffer.from('[a]'))).to.equal(undefined);
    made.push(Buffer.from('data\r\n\r'), true, 'c', 0);
    expect(made.find('c', Buffer.from('data')), 'without its last line ends').to.equal(3);
  });

  it('counts the bytes from a position on; from a forgotten one, all that there are', () => {
    const made = ring(['a', 'bb', 'ccc'], { maxEvents: 2 });
    expect([0, 1, 2, 3, 4].map((position) => made.bytesFrom(position))).to.deep.equal([9, 9, 5, 0, 0]);
  });

  it('reads slices that end behind the frame which passes maxBytes, and always one frame', () => {
    const made = ring(['a', 'b', 'c', 'd']);
    expect(made.read(0, 4)).to.deep.equal({ bytes: Buffer.from('[a][b]'), events: 2, next: 2 });
    expect(ring(['a', 'b', 'c']).read(0, 6).next, 'exactly maxBytes').to.equal(2);
    expect(made.read(2, 1)).to.deep.equal({ bytes: Buffer.from('[c]'), events: 1, next: 3 });
    expect(made.read(1, 100)).to.deep.equal({ bytes: Buffer.from('[b][c][d]'), events: 3, next: 4 });
  });

  it('copies nothing to read a single frame', () => {
    const bytes = Buffer.from('[a]');
    const made = ring([]);
    made.push(bytes, true, 'a', 0);
    expect(made.read(0, 100).bytes).to.equal(bytes);
  });

  it('reads one frame at a time for those who take them alone', () => {
    const made = ring(['a', 'b']);
    expect(made.read(0, 100, true)).to.deep.equal({ bytes: Buffer.from('[a]'), events: 1, next: 1 });
    expect(made.read(0, 100, false).next).to.equal(2);
  });

  it('reads the same slice once for all who ask for it, never an old one', () => {
    const made = ring(['a', 'b', 'c']);
    const first = made.read(1, 100);
    expect(made.read(1, 100)).to.equal(first);
    expect(text(made, 0)).to.equal('[a][b][c]');
    expect(text(made, 1)).to.equal('[b][c]');
    made.push(Buffer.from('[d]'), true, 'd', 0);
    expect(text(made, 1)).to.equal('[b][c][d]');
    expect(text(made, 1, 100, true)).to.equal('[b]');
    expect(text(made, 1)).to.equal('[b][c][d]');
  });

  it('does not grow with the frames that have passed through', () => {
    const made = new ReplayRing({ ...wide, maxEvents: 10 });
    const bytes = Buffer.from('x');
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 2_000_000; n++) made.push(bytes, true, undefined, 0);
    collect();
    // A queue that kept a slot for each would have grown by 16 MB.
    expect(process.memoryUsage().heapUsed - before).to.be.below(4_000_000);
    expect([made.start, made.end]).to.deep.equal([1_999_990, 2_000_000]);
  });

  it('lets go of the memory of what it forgot, at once', async () => {
    const made = new ReplayRing({ ...wide, maxEvents: 10 });
    const forgotten = Array.from({ length: 50 }, (_, n) => {
      const bytes = Buffer.alloc(100_000);
      made.push(bytes, true, String(n), 0);
      return new WeakRef(bytes);
    }).slice(0, 40);
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(forgotten.filter((frame) => frame.deref())).to.have.length(0);
    expect(made.bytes).to.equal(1_000_000);
  });

  it('is, for any frames and bounds, the end of the list of all frames', () => {
    const frames = fc.array(fc.record({ id: fc.option(fc.nat(5)), size: fc.nat(20), wait: fc.nat(6) }), {
      maxLength: 60,
    });
    const bounds = fc.record({
      maxEvents: fc.integer({ min: 1, max: 12 }),
      maxBytes: fc.integer({ min: 1, max: 90 }),
      maxAgeMs: fc.integer({ min: 1, max: 30 }),
    });
    const property = fc.property(frames, bounds, fc.integer({ min: 1, max: 40 }), (list, limits, slice) => {
      const made = new ReplayRing(limits);
      const all: { bytes: Buffer; id: string | undefined; at: number }[] = [];
      let now = 0;
      for (const { id, size, wait } of list) {
        now += wait;
        const frame = { bytes: Buffer.alloc(size, all.length + 1), id: id === null ? undefined : String(id), at: now };
        all.push(frame);
        made.push(frame.bytes, true, frame.id, now);

        const held = all.slice(made.start);
        const sum = (of: typeof all) => of.reduce((total, { bytes }) => total + bytes.length, 0);
        const within = (of: typeof all) =>
          of.length <= limits.maxEvents &&
          sum(of) <= limits.maxBytes &&
          of.every(({ at }) => now - at <= limits.maxAgeMs);
        expect(made.end).to.equal(all.length);
        expect(made.bytes).to.equal(sum(held));
        expect(within(held), 'the bounds').to.equal(true);
        if (made.start > 0) expect(within(all.slice(made.start - 1)), 'forgets no more than it must').to.equal(false);
        for (const id of [...new Set(all.map((frame) => frame.id))]) {
          if (id === undefined) continue;
          const last = all.findLastIndex((frame) => frame.id === id);
          expect(made.after(id)).to.equal(last >= made.start ? last + 1 : undefined);
        }
        const read: Buffer[] = [];
        for (let at = made.start; at < made.end; ) {
          expect(made.bytesFrom(at)).to.equal(sum(all.slice(at)));
          const { bytes, next, events } = made.read(at, slice);
          expect(events).to.equal(next - at);
          read.push(bytes);
          at = next;
        }
        expect(Buffer.concat(read)).to.deep.equal(Buffer.concat(held.map(({ bytes }) => bytes)));
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('reads on rightly after the head of its queue was cut off', () => {
    const made = new ReplayRing({ ...wide, maxEvents: 700 });
    for (let n = 0; n < 5_000; n++) {
      made.push(Buffer.from(`[${n}]`), true, String(n), 0);
      if (n < 700) continue;
      expect(made.after(String(n - 699))).to.equal(n - 698);
      expect(made.read(n, 1).bytes.toString()).to.equal(`[${n}]`);
      expect(made.read(made.start, 1).bytes.toString()).to.equal(`[${n - 699}]`);
    }
  });
});
