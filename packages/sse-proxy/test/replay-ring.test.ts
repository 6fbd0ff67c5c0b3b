import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import type { ReplayBounds } from '../src/config/replay-bounds.ts';
import { ReplayRing } from '../src/feed/shared/replay-ring.ts';
import { until } from './support/until.ts';

const wide: ReplayBounds = { maxEvents: 1_000, maxBytes: 1_000_000, maxAgeMs: 1_000_000 };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function push(made: ReplayRing, frame: string | Buffer, id: string | undefined, now = 0, isEvent = true): void {
  const bytes = Buffer.from(frame as string);
  made.push(bytes, 0, bytes.length, isEvent, id, now);
}

/** A ring with frames `ids`; each frame's bytes are its id in brackets. */
function ring(ids: string[], bounds: Partial<ReplayBounds> = {}): ReplayRing {
  const made = new ReplayRing({ ...wide, ...bounds });
  for (const id of ids) push(made, `[${id}]`, id);
  return made;
}

const after = (made: ReplayRing, id: string) => made.after(id)?.position;
const text = (made: ReplayRing, from: number, maxBytes = 1_000_000, alone = false) =>
  made.read(from, maxBytes, alone).bytes.toString();

/** The bytes for a browser that returns with `id`; undefined if the ring can't serve it. */
function replay(made: ReplayRing, id: string): string | undefined {
  const found = made.after(id);
  if (!found) return undefined;
  return (found.isProven ? '' : 'gap ') + text(made, found.position);
}

describe('replay ring', () => {
  it('the ring holds nothing when it is new', () => {
    const made = ring([]);
    expect([made.start, made.end, made.bytes, after(made, 'a'), made.bytesFrom(0)]).to.deep.equal([
      0,
      0,
      0,
      undefined,
      0,
    ]);
    expect(made.read(0, 100)).to.deep.equal({ bytes: Buffer.alloc(0), events: 0, next: 0 });
  });

  it('the ring returns what followed an id, nothing for the newest id, undefined for an unknown one', () => {
    const made = ring(['a', 'b', 'c']);
    expect([replay(made, 'a'), replay(made, 'c'), replay(made, 'x')]).to.deep.equal(['[b][c]', '', undefined]);
  });

  it('the ring keeps the meaning of a position while old frames are forgotten', () => {
    const made = ring(['a', 'b', 'c']);
    const position = after(made, 'b');
    push(made, '[d]', 'd', 2_000_000);
    expect([made.start, made.end, position, after(made, 'd'), text(made, 3)]).to.deep.equal([3, 4, 2, 4, '[d]']);
  });

  it('the ring holds at most maxEvents frames', () => {
    const made = ring(['a', 'b', 'c', 'd', 'e'], { maxEvents: 3 });
    expect([made.start, made.end, made.bytes]).to.deep.equal([2, 5, 9]);
  });

  it('the ring holds at most maxBytes, exactly that many included', () => {
    expect(ring(['a', 'b', 'c'], { maxBytes: 9 }).start).to.equal(0);
    const made = ring(['a', 'b', 'c', 'd'], { maxBytes: 9 });
    expect([made.start, made.bytes]).to.deep.equal([1, 9]);
    push(made, Buffer.alloc(8), 'big');
    expect([made.start, made.end, made.bytes]).to.deep.equal([4, 5, 8]);
  });

  it('the ring holds no frame that is larger than maxBytes', () => {
    const made = ring(['too long', 'this too'], { maxBytes: 3 });
    expect([made.start, made.end, made.bytes]).to.deep.equal([2, 2, 0]);
    push(made, '[a]', 'a');
    expect(replay(made, 'this too')).to.equal('[a]');
  });

  it('the ring forgets frames older than maxAgeMs, when time passes and when a frame arrives', () => {
    const made = new ReplayRing({ ...wide, maxAgeMs: 10 });
    push(made, '[a]', 'a', 100);
    push(made, '[b]', 'b', 105);
    made.expire(110);
    expect(made.start).to.equal(0);
    made.expire(111);
    expect(made.start).to.equal(1);
    push(made, '[c]', 'c', 116);
    expect([made.start, text(made, 2)]).to.deep.equal([2, '[c]']);
  });

  it('the ring knows the tip’s id after its frame has expired, so that a pause longer than maxAgeMs needs no backfill', () => {
    const made = new ReplayRing({ ...wide, maxAgeMs: 10 });
    push(made, '[a]', 'a', 0);
    push(made, '[b]', 'b', 0);
    made.expire(1_000);
    expect([made.start, made.end, made.bytes]).to.deep.equal([2, 2, 0]);
    push(made, '[c]', 'c', 1_001);
    expect([replay(made, 'a'), replay(made, 'b')]).to.deep.equal([undefined, '[c]']);
  });

  it('the ring drops the id of a forgotten frame together with the frames behind it', () => {
    const made = ring(['a', 'b', 'c', 'd'], { maxEvents: 2 });
    expect([replay(made, 'a'), replay(made, 'b')]).to.deep.equal([undefined, '[c][d]']);
    push(made, '[?]', undefined);
    push(made, '[e]', 'e');
    push(made, '[f]', 'f');
    expect([replay(made, 'd'), replay(made, 'e')], 'a frame without an id followed d').to.deep.equal([
      undefined,
      '[f]',
    ]);
  });

  it('the ring continues before the first of several events that share an id [R36]', () => {
    const made = ring(['1', '2', '2', '2', '3']);
    expect(replay(made, '2')).to.equal('[2][2][2][3]');
    const small = ring(['1', '2', '2', '2', '3'], { maxEvents: 3 });
    expect(replay(small, '2'), 'the first of them is forgotten').to.equal(undefined);
    expect(replay(small, '3')).to.equal('');
  });

  it('the ring does not match an old id to a new event when numbers have restarted [row 37]', () => {
    const made = ring(['7', '8', '9', '1', '2', '3'], { maxEvents: 4 });
    expect(replay(made, '8'), 'the edge').to.equal('[9][1][2][3]');
    expect(replay(made, '9')).to.equal('[1][2][3]');
    expect(replay(made, '2'), 'from before the ring began, or new').to.equal('gap [1][2][3]');
    expect(replay(made, '5'), 'not held at all').to.equal('gap [1][2][3]');
    expect(replay(made, '12'), 'higher than all').to.equal(undefined);
  });

  it('the ring trusts a number again when the restart is older than maxAgeMs', () => {
    const made = ring(['7', '8', '1', '2'], { maxAgeMs: 10 });
    push(made, '[3]', '3', 1_000);
    push(made, '[4]', '4', 1_001);
    expect(replay(made, '3')).to.equal('[4]');
  });

  it('the ring reports no gap for numbers that are slightly out of order', () => {
    const made = ring(['5', '7', '6', '8', '7', '9', '8', '10']);
    for (const [id, expected] of [
      ['6', '[8][7][9][8][10]'],
      ['7', '[7][6][8][7][9][8][10]'],
      ['9', '[8][10]'],
    ] as const)
      expect(replay(made, id)).to.equal(expected);
  });

  it('the ring does not match other ids to new events after the upstream gave known ids to other events', () => {
    const made = ring(['run-a', 'run-b'], { maxEvents: 3 });
    made.restartIds(0);
    for (const id of ['run-a', 'run-b', 'run-c']) push(made, `[${id} new]`, id);
    expect(replay(made, 'run-a')).to.equal('gap [run-a new][run-b new][run-c new]');
    expect(replay(made, 'other')).to.equal(undefined);
  });

  it('the ring holds frames without an id, and finds an empty id', () => {
    const made = ring([]);
    push(made, 'x', undefined);
    push(made, 'y', '', 0, false);
    expect(after(made, '')).to.equal(2);
    expect(made.read(0, 100).events).to.equal(1);
  });

  it('the ring finds the first frame with an id and a content, whatever line ends follow it', () => {
    const made = ring(['a', 'b']);
    push(made, 'other', 'b');
    push(made, 'data\r\n\r', 'c');
    expect(made.find('b', Buffer.from('other'))).to.equal(2);
    expect(made.find('b', Buffer.from('[b]'))).to.equal(1);
    expect(made.find('a', Buffer.from('other'))).to.equal(undefined);
    expect(made.find('c', Buffer.from('data'))).to.equal(3);
  });

  it('the ring returns the id of a browser that got everything before a position', () => {
    const made = ring(['a', 'b', 'c'], { maxEvents: 3 });
    push(made, '[?]', undefined);
    expect([made.cursorAt(1), made.cursorAt(3), made.cursorAt(4)]).to.deep.equal([
      { id: 'a', isExact: true },
      { id: 'c', isExact: true },
      { id: 'c', isExact: false },
    ]);
    expect(ring([]).cursorAt(0)).to.equal(undefined);
  });

  it('the ring counts the bytes from a position on, and all that are held from a forgotten one', () => {
    const made = ring(['a', 'bb', 'ccc'], { maxEvents: 2 });
    expect([0, 1, 2, 3, 4].map((position) => made.bytesFrom(position))).to.deep.equal([9, 9, 5, 0, 0]);
  });

  it('the ring reads slices that end behind the frame which passes maxBytes, and at least one frame', () => {
    const made = ring(['a', 'b', 'c', 'd']);
    expect(made.read(0, 4)).to.deep.equal({ bytes: Buffer.from('[a][b]'), events: 2, next: 2 });
    expect(ring(['a', 'b', 'c']).read(0, 6).next, 'exactly maxBytes').to.equal(2);
    expect(made.read(2, 1)).to.deep.equal({ bytes: Buffer.from('[c]'), events: 1, next: 3 });
    expect(made.read(1, 100)).to.deep.equal({ bytes: Buffer.from('[b][c][d]'), events: 3, next: 4 });
    expect(made.read(0, 100, true)).to.deep.equal({ bytes: Buffer.from('[a]'), events: 1, next: 1 });
  });

  it('the ring returns the same slice to all who read from the same position, and never an outdated one', () => {
    const made = ring(['a', 'b', 'c']);
    const first = made.read(1, 100);
    expect(made.read(1, 100)).to.equal(first);
    expect([text(made, 0), text(made, 1)]).to.deep.equal(['[a][b][c]', '[b][c]']);
    push(made, '[d]', 'd');
    expect([text(made, 1), text(made, 1, 100, true), text(made, 1)]).to.deep.equal(['[b][c][d]', '[b]', '[b][c][d]']);
  });

  it('the ring forgets no frame for new ones while eviction is suspended, until it is trimmed', () => {
    const made = ring(['a'], { maxEvents: 2 });
    made.suspendsEviction = true;
    for (const id of ['b', 'c', 'd']) push(made, `[${id}]`, id);
    expect(made.start).to.equal(0);
    made.suspendsEviction = false;
    made.trim();
    expect(made.start).to.equal(2);
  });

  it('the ring keeps no more memory than maxBytes and two blocks, however large the reads were [R54]', async () => {
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const made = new ReplayRing({ maxEvents: 100_000, maxBytes: 1_048_576, maxAgeMs: 1_000_000 });
    for (let n = 0; n < 4_000; n++) {
      const read = Buffer.allocUnsafeSlow(30_000);
      made.push(read, 100, 300 + (n % 400), true, String(n), 0);
    }
    expect(made.bytes).to.be.above(1_000_000);
    // Other tests' buffers may be freed or allocated meanwhile, so the memory of the ring is below the bound at some
    // time.
    await until(() => {
      collect();
      return process.memoryUsage().arrayBuffers - before < 1_048_576 + 2 * 131_072 + 65_536;
    });
    expect(made.end).to.equal(4_000);
  });

  it('the ring bounds its own objects by maxBytes, if frames are tiny and maxEvents is large [R54]', () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const made = new ReplayRing({ maxEvents: 10_000_000, maxBytes: 4_194_304, maxAgeMs: 1_000_000 });
    const frame = Buffer.from('data\n\n');
    for (let n = 0; n < 300_000; n++) made.push(frame, 0, frame.length, true, String(n), 0);
    collect();
    expect(process.memoryUsage().heapUsed - before).to.be.below(3 * 4_194_304);
    expect(made.end - made.start).to.be.at.least(10_000);
  });

  it('the ring keeps no slot for frames that it has forgotten', () => {
    const made = new ReplayRing({ ...wide, maxEvents: 10 });
    const bytes = Buffer.from('x');
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 300_000; n++) made.push(bytes, 0, 1, true, undefined, 0);
    collect();
    expect(process.memoryUsage().heapUsed - before).to.be.below(1_000_000);
    expect([made.start, made.end]).to.deep.equal([299_990, 300_000]);
  });

  it('the ring equals the end of the list of all frames, for any frames and bounds', () => {
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
        // No numbers: their order would count.
        const frame = { bytes: Buffer.alloc(size, all.length + 1), id: id === null ? undefined : `n${id}`, at: now };
        all.push(frame);
        push(made, frame.bytes, frame.id, now);

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
        for (const known of new Set(all.map((frame) => frame.id))) {
          if (known === undefined) continue;
          const at = after(made, known);
          if (at === undefined) {
            const firstHeld = held.findIndex((frame) => frame.id === known);
            const isAlone = all.filter((frame) => frame.id === known).length === 1;
            expect(firstHeld >= 0 && isAlone, `${known} is held once and can't be served`).to.equal(false);
            continue;
          }
          const unseen = all.slice(0, at).filter((frame, index) => frame.id === known && index >= at).length;
          expect(at, 'what follows is held').to.be.at.least(made.start);
          expect(unseen).to.equal(0);
          const behind = all.findLastIndex((frame, index) => frame.id === known && index < at);
          const isFirst =
            all[at]?.id === known && all.findIndex((frame, index) => frame.id === known && index >= at) === at;
          expect(behind === at - 1 || isFirst, `the place of ${known}`).to.equal(true);
        }
        const read: Buffer[] = [];
        for (let at = made.start; at < made.end; ) {
          expect(made.bytesFrom(at)).to.equal(sum(all.slice(at)));
          const { bytes, next, events } = made.read(at, slice);
          expect(events).to.equal(next - at);
          read.push(Buffer.from(bytes));
          at = next;
        }
        expect(Buffer.concat(read)).to.deep.equal(Buffer.concat(held.map(({ bytes }) => bytes)));
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('the ring reads the right frames after its queue was compacted', () => {
    const made = new ReplayRing({ ...wide, maxEvents: 700 });
    for (let n = 0; n < 5_000; n++) {
      push(made, `[${n}]`, String(n));
      if (n < 700) continue;
      expect(after(made, String(n - 699))).to.equal(n - 698);
      expect(made.read(n, 1).bytes.toString()).to.equal(`[${n}]`);
      expect(made.read(made.start, 1).bytes.toString()).to.equal(`[${n - 699}]`);
    }
  });
});
