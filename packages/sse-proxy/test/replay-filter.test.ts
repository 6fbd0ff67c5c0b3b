import { expect } from 'chai';
import fc from 'fast-check';
import { type ReceivedFrame, ReplayFilter } from '../src/feed/replay-filter.ts';
import { maxReplayWindow, ReplayWindow } from '../src/feed/replay-window.ts';

/** A frame as content and id; `id` null for one without. */
interface Frame {
  id: string | null;
  data: string;
}
const frame = (id: string | null, data = `data of ${id}`): Frame => ({ id, data });
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => frame(String(from + i)));
/** Frames whose ids have an order that the filter doesn't know. */
const letters = (from: number, to: number) => numbers(from, to).map(({ id }) => frame(`x${id}`));

/** Uses a filter as a feed does: delivers frames, then those of the next connection. */
class Reader {
  readonly window = new ReplayWindow();
  readonly #maxHeldBytes: number;
  filter: ReplayFilter | undefined;
  cursor: string;
  delivered: Frame[] = [];
  gaps: string[] = [];

  constructor(cursor = '', maxHeldBytes = 1_000_000) {
    this.#maxHeldBytes = maxHeldBytes;
    this.cursor = cursor;
  }

  get(...frames: Frame[]): this {
    for (const next of frames) this.#receive(next);
    return this;
  }

  resume(...frames: Frame[]): this {
    this.filter = new ReplayFilter(this.window, this.cursor, this.#maxHeldBytes);
    if (this.filter.doubt) this.gaps.push(this.filter.doubt);
    this.delivered = [];
    return this.get(...frames);
  }

  /** Nothing came for a while. */
  wait(): this {
    if (this.filter?.expire() === 'restarted') this.gaps.push('restarted');
    for (const released of this.filter?.takeReleased() ?? []) this.#deliver(released);
    return this;
  }

  #receive({ id, data }: Frame): void {
    const buffer = Buffer.from(`<${data}>`);
    const received = {
      buffer,
      start: 1,
      end: buffer.length - 1,
      events: 1,
      id: id ?? undefined,
      ownId: undefined,
      isOversized: false,
    };
    if (!this.filter?.isCatchingUp) return this.#deliver(received);
    const verdict = this.filter.classify(received);
    if (verdict === 'restarted') this.gaps.push(verdict);
    for (const released of this.filter.takeReleased()) this.#deliver(released);
    if (verdict === 'late-repeat') this.gaps.push(verdict);
    if (verdict === 'new' || verdict === 'restarted') this.#deliver(received);
  }

  #deliver({ buffer, start, end, id }: ReceivedFrame): void {
    if (id !== undefined) this.cursor = id;
    this.window.record(buffer, start, end, id);
    this.delivered.push({ id: id ?? null, data: buffer.toString('utf8', start, end) });
  }
}

const reader = (...frames: Frame[]) => new Reader().get(...frames);
const outcome = ({ delivered, gaps }: Reader) => ({ delivered, gaps });

describe('ReplayFilter, with the frames that follow a resume', () => {
  it('the replay filter passes what follows the cursor', () => {
    const it = reader(...numbers(1, 3)).resume(...numbers(4, 6));
    expect(outcome(it)).to.deep.equal({ delivered: numbers(4, 6), gaps: [] });
    expect(it.wait().filter?.isCatchingUp, 'after a larger number and a pause').to.equal(false);
  });

  it('drops repeats up to the last delivered frame, and none after it [R35]', () => {
    const it = reader(...numbers(1, 5)).resume(...numbers(3, 5));
    expect(it.delivered).to.deep.equal([]);
    expect(it.filter?.isCatchingUp).to.equal(false);
    expect(outcome(it.get(...numbers(5, 7)))).to.deep.equal({ delivered: numbers(5, 7), gaps: [] });
  });

  it('drops repeats although the upstream leaves some of them out', () => {
    const it = reader(...numbers(1, 9)).resume(frame('2'), frame('5'), ...numbers(8, 10));
    expect(outcome(it)).to.deep.equal({ delivered: [frame('10')], gaps: [] });
    const deleted = reader(...numbers(1, 9)).resume(frame('7'), frame('8'), frame('10'));
    expect(outcome(deleted)).to.deep.equal({ delivered: [frame('10')], gaps: [] });
  });

  describe('several frames with one id', () => {
    const group = ['a', 'b', 'c', 'd'].map((data) => frame('7', data));

    it('drops frames with one id that were delivered and passes the others, for every cut [R35]', () => {
      for (let seen = 1; seen <= group.length; seen++) {
        const it = reader(frame('6'), ...group.slice(0, seen)).resume(...group, frame('8'));
        expect(outcome(it.wait()), `${seen} delivered`).to.deep.equal({
          delivered: [...group.slice(seen), frame('8')],
          gaps: [],
        });
      }
    });

    it('drops as many equal frames as were delivered [R35]', () => {
      const same = (count: number) => Array.from({ length: count }, () => frame('7', 'same'));
      for (let seen = 1; seen <= 4; seen++) {
        const it = reader(frame('6'), ...same(seen))
          .resume(...same(4), frame('8'))
          .wait();
        expect(it.delivered, `${seen} delivered`).to.deep.equal([...same(4 - seen), frame('8')]);
        expect(it.gaps).to.deep.equal([]);
      }
    });

    it('recognises frames with one id in another order [R35]', () => {
      const [a, b, c] = group as [Frame, Frame, Frame];
      const swapped = reader(frame('6'), a, b).resume(b, c, a, frame('8'));
      expect(outcome(swapped.wait())).to.deep.equal({ delivered: [c, frame('8')], gaps: [] });
      const newFirst = reader(frame('6'), a).resume(b, a, frame('8'));
      expect(outcome(newFirst.wait())).to.deep.equal({ delivered: [b, frame('8')], gaps: [] });
    });

    it('reports a gap if the cursor’s id comes with other content only [row 10]', () => {
      const it = reader(frame('x', 'one'), frame('x', 'two')).resume(frame('x', 'three'));
      expect(it.delivered).to.deep.equal([]);
      expect(outcome(it.wait())).to.deep.equal({ delivered: [frame('x', 'three')], gaps: ['restarted'] });
    });

    it('passes an event with the cursor’s id if the cursor came from the browser: its content is unknown', () => {
      expect(outcome(new Reader('7').resume(frame('7'), frame('8')))).to.deep.equal({
        delivered: [frame('7'), frame('8')],
        gaps: [],
      });
    });
  });

  describe('frames without an id', () => {
    const frames = [frame('1'), frame(null, 'a'), frame(null, 'b'), frame('2')];

    it('frames without an id are repeats only in their place after a repeat with an id', () => {
      expect(reader(...frames).resume(...frames, frame('3')).delivered).to.deep.equal([frame('3')]);
      const greeting = reader(...frames).resume(frame(null, 'a'), frame('3'));
      expect(greeting.delivered).to.deep.equal([frame(null, 'a'), frame('3')]);
    });

    it('frames without an id are delivered if they are new among repeats', () => {
      const it = reader(...frames).resume(frame('1'), frame(null, 'now'), frame('2'), frame('3'));
      expect(outcome(it)).to.deep.equal({ delivered: [frame(null, 'now'), frame('3')], gaps: [] });
    });

    it('frames without an id may precede repeats, as a greeting of each connection', () => {
      const it = reader(...numbers(1, 5)).resume(frame(null, 'hello'), ...numbers(2, 6));
      expect(outcome(it)).to.deep.equal({ delivered: [frame(null, 'hello'), frame('6')], gaps: [] });
      const back = reader(...numbers(5, 9)).resume(frame(null, 'hello'), frame('1'));
      expect(outcome(back)).to.deep.equal({ delivered: [frame(null, 'hello'), frame('1')], gaps: ['restarted'] });
    });
  });

  it('passes new frames after a greeting with an id that every connection repeats', () => {
    const hello = frame('hello');
    const it = reader(hello, ...letters(1, 3))
      .resume(hello, ...letters(4, 5))
      .wait();
    expect(outcome(it)).to.deep.equal({ delivered: letters(4, 5), gaps: [] });
  });

  it('recognises repeats after a greeting whose id is a larger number', () => {
    const it = reader(...numbers(1, 5)).resume(frame('900', 'hello'), ...numbers(1, 6));
    expect(outcome(it)).to.deep.equal({ delivered: [frame('900', 'hello'), frame('6')], gaps: [] });
    const log = numbers(1, maxReplayWindow * 2);
    const long = reader(...log).resume(frame('90000', 'hello'), ...log, frame('90001'));
    expect(outcome(long)).to.deep.equal({ delivered: [frame('90000', 'hello'), frame('90001')], gaps: [] });
  });

  describe('ids that began anew', () => {
    it('restarted ids are reported when a known id comes with other content; what looked like repeats is delivered [row 10]', () => {
      const it = reader(...numbers(1, 3)).resume(frame('2', 'other'), frame('3', 'other'));
      expect(outcome(it)).to.deep.equal({ delivered: [frame('2', 'other'), frame('3', 'other')], gaps: ['restarted'] });
      const all = [frame('1'), frame('2'), frame('3', 'other'), frame('4')];
      expect(outcome(reader(...numbers(1, 4)).resume(...all))).to.deep.equal({ delivered: all, gaps: ['restarted'] });
    });

    it('restarted ids are reported when a number goes back to one that was never delivered [row 10]', () => {
      for (const id of ['1', '99', '0099', '00', '0100']) {
        const it = new Reader('100').resume(frame(id));
        expect(outcome(it), id).to.deep.equal({ delivered: [frame(id)], gaps: ['restarted'] });
      }
      expect(new Reader('9007199254740993').resume(frame('9007199254740992')).gaps).to.deep.equal(['restarted']);
    });

    it('a restart of ids is not assumed where ids have no order, go on, or have always fallen [input 30]', () => {
      for (const [cursor, id] of [
        ['100', '101'],
        ['100', '1000'],
        ['9007199254740993', '9007199254740994'],
        ['100', 'x1'],
        ['100', '-1'],
        ['100', '1.5'],
        ['100', ' 7'],
        ['x100', '7'],
        ['100x', '7'],
      ] as const) {
        const it = new Reader(cursor).resume(frame(id));
        expect(outcome(it), `${cursor} → ${id}`).to.deep.equal({ delivered: [frame(id)], gaps: [] });
      }
      const falling = new Reader('300').get(...numbers(100, 299).reverse()).resume(frame('99'), frame('98'));
      expect(outcome(falling)).to.deep.equal({ delivered: [frame('99'), frame('98')], gaps: [] });
    });

    it('restarted ids may be noticed late: frames that were passed before are recognised at the next resume [row 10]', () => {
      const anew = [frame('x1', 'new'), frame('x2', 'new'), frame('x3', 'new')];
      const restarted = () => reader(...letters(2, 3)).resume(...anew);
      expect(outcome(restarted())).to.deep.equal({ delivered: anew, gaps: ['restarted'] });
      const again = restarted().resume(...anew, frame('x4', 'new'));
      expect(outcome(again)).to.deep.equal({ delivered: [frame('x4', 'new')], gaps: ['restarted'] });
      const third = restarted().resume(frame('x1', 'third'));
      expect(outcome(third)).to.deep.equal({ delivered: [frame('x1', 'third')], gaps: ['restarted', 'restarted'] });
    });

    it('restarted ids make the filter forget the old ones: repeats of the new ones are recognised', () => {
      const it = reader(...numbers(1, 9)).resume(frame('1', 'new'), frame('2', 'new'));
      it.resume(frame('1', 'new'), frame('2', 'new'), frame('3', 'new'));
      expect(outcome(it)).to.deep.equal({ delivered: [frame('3', 'new')], gaps: ['restarted'] });
      it.resume(frame('9', 'new'));
      expect(outcome(it)).to.deep.equal({ delivered: [frame('9', 'new')], gaps: ['restarted'] });
    });
  });

  describe('a log that is longer than the window and comes again whole', () => {
    const length = maxReplayWindow * 3;

    for (const [name, log] of [
      ['numbers', numbers(1, length + 2)],
      ['ids without an order', letters(1, length + 2)],
      ['milliseconds that several share', numbers(1, length + 2).map(({ data }, at) => frame(String(at >> 2), data))],
      [
        'milliseconds of which the window holds a part',
        numbers(1, length + 2).map(({ data }, at) => frame(String((at + 2) >> 2), data)),
      ],
    ] as const) {
      it(`a repeated log is recognised as soon as the last delivered frame comes (${name}) [R35]`, () => {
        const it = reader(...log.slice(0, length))
          .resume(...log)
          .wait();
        expect(outcome(it)).to.deep.equal({ delivered: log.slice(length), gaps: [] });
      });
    }

    it('a repeated log is reported if more comes before that frame than may be held [R35]', () => {
      const log = letters(1, length + 1);
      const it = new Reader('', 500).get(...log.slice(0, length)).resume(...log);
      expect(it.gaps).to.deep.equal(['late-repeat']);
      expect(it.delivered.at(-1)).to.deep.equal(log.at(-1));
      expect(it.delivered).to.have.length(1 + length - maxReplayWindow);
    });

    it('a repeated log is reported if it pauses for longer than frames are held [R35]', () => {
      const log = letters(1, length + 1);
      const it = reader(...log.slice(0, length))
        .resume(...log.slice(0, 3))
        .wait();
      expect(it.delivered).to.deep.equal(log.slice(0, 3));
      it.get(...log.slice(3));
      expect(it.gaps).to.deep.equal(['late-repeat']);
    });

    it('delays new frames only while they could belong to a repeated log', () => {
      const it = reader(...letters(1, length)).resume(...letters(length + 1, length + 3));
      expect(it.delivered).to.deep.equal([]);
      expect(outcome(it.wait())).to.deep.equal({ delivered: letters(length + 1, length + 3), gaps: [] });
      expect(it.get(frame('next')).delivered.at(-1)).to.deep.equal(frame('next'));
      const known = reader(...numbers(1, length)).resume(frame(String(length + 1)));
      expect(known.delivered).to.have.length(1);
    });
  });

  it('holds no more than maxHeldBytes: the oldest repeats are forgotten first', () => {
    const other = frame('5', 'other');
    for (const [bytes, kept] of [
      [20, numbers(3, 4)],
      [18, numbers(3, 4)],
      [17, [frame('4')]],
    ] as const) {
      const it = new Reader('', bytes).get(...numbers(1, 5)).resume(...numbers(1, 4), other);
      expect(it.wait().delivered, String(bytes)).to.deep.equal([...kept, other]);
    }
  });

  it('the replay filter can’t prove continuity without a usable id [R31] [R32]', () => {
    const it = reader(frame(null, 'a')).resume(frame(null, 'a'), frame(null, 'b'));
    expect(outcome(it)).to.deep.equal({ delivered: [frame(null, 'a'), frame(null, 'b')], gaps: ['no-ids'] });
    expect(new Reader().resume().gaps).to.deep.equal(['no-ids']);
    expect(reader(frame('1'), frame('', 'cleared')).resume().gaps).to.deep.equal(['no-ids']);
    for (const id of ['a\x01b', ' 1', '1 ', '\t1', ' '])
      expect(reader(frame(id)).resume(frame(id)).gaps, JSON.stringify(id)).to.deep.equal(['unusable-id']);
  });

  it('reports a gap when events without ids followed the last id [R32]', () => {
    expect(reader(frame('1'), frame(null, 'a')).resume(frame('2')).gaps).to.deep.equal(['no-ids']);
    expect(reader(frame(null, 'a'), frame('1')).resume(frame('2')).gaps).to.deep.equal([]);
    expect(new Reader('1').resume(frame('2')).gaps).to.deep.equal([]);
    expect(new Reader('1').get(frame(null, 'a')).resume().gaps).to.deep.equal(['no-ids']);
  });

  it('forgets repeats that were cut off with their connection', () => {
    const it = reader(...numbers(1, 5))
      .resume(...numbers(1, 3))
      .resume(...numbers(1, 6));
    expect(outcome(it)).to.deep.equal({ delivered: [frame('6')], gaps: [] });
    it.resume(...numbers(4, 5)).resume(frame('7'));
    expect(outcome(it)).to.deep.equal({ delivered: [frame('7')], gaps: [] });
  });

  it('delivers every frame once or reports a gap, whatever is shared, repeated and cut [R35]', () => {
    // Per frame: whether it has a new id, the previous one's, or none.
    const log = fc.array(fc.constantFrom('new', 'new', 'same', 'none'), { minLength: 1, maxLength: 40 });
    const connection = fc.record({ back: fc.nat(40), count: fc.nat(40), strict: fc.boolean(), pause: fc.boolean() });
    const property = fc.property(log, fc.boolean(), fc.array(connection, { maxLength: 5 }), (kinds, ordered, cuts) => {
      let n = 0;
      const frames = kinds.map((kind, at) => {
        if (kind === 'new' || at === 0) n++;
        return frame(kind === 'none' && at > 0 ? null : `${ordered ? '' : 'id'}${n}`, `${at}`);
      });
      const it = new Reader();
      let all: Frame[] = [];
      const connect = (from: number, count: number) => it.get(...frames.slice(from, from + count));
      connect(0, 10);
      all.push(...it.delivered);
      for (const { back, count, strict, pause } of [...cuts, { back: 0, count: 99, strict: false, pause: true }]) {
        // `>=` begins at the first frame with the cursor's id, `>` after the last one, and some begin earlier.
        const first = frames.findIndex(({ id }) => id === it.cursor);
        const last = frames.findLastIndex(({ id }) => id === it.cursor);
        it.resume();
        connect(strict ? last + 1 : Math.max(0, first - back), count);
        if (pause || count === 99) it.wait();
        all = all.concat(it.delivered);
      }
      // Frames without an id at the start of a connection may be its greeting.
      const got = all.flatMap(({ id, data }) => (id === null ? [] : [Number(data)]));
      const exact =
        got.length === new Set(got).size && got.every((at, index) => index === 0 || at > (got[index - 1] ?? 0));
      // An upstream that selects by '>' never sends the other frames with an id: the filter can't detect them.
      const lossy = cuts.some(({ strict }) => strict) || frames.some(({ id }) => id === null);
      if (!lossy) expect(it.gaps).to.deep.equal([]);
      if (it.gaps.length === 0) expect(exact, JSON.stringify(got)).to.equal(true);
      if (!lossy) expect(got).to.deep.equal(frames.map((_, at) => at));
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});
