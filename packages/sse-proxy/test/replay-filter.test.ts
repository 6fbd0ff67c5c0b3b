import { expect } from 'chai';
import fc from 'fast-check';
import { ReplayFilter, replayWindow } from '../src/feed/replay-filter.ts';

/** A frame as bytes and id; `id` null for one without. */
interface Frame {
  id: string | null;
  data: string;
}
const frame = (id: string | null, data = `data of ${id}`): Frame => ({ id, data });
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => frame(String(from + i)));

/** What a feed does with a continuity: delivers frames until a loss, then those of the next connection. */
class Reader {
  readonly continuity: ReplayFilter;
  cursor: string;
  delivered: Frame[] = [];
  gaps: string[] = [];

  constructor(cursor = '', maxHeldBytes = 1_000_000) {
    this.continuity = new ReplayFilter(maxHeldBytes);
    this.cursor = cursor;
  }

  get(...frames: Frame[]): this {
    for (const next of frames) this.#one(next);
    return this;
  }

  resume(...frames: Frame[]): this {
    const reason = this.continuity.resume(this.cursor);
    if (reason) this.gaps.push(reason);
    this.delivered = [];
    return this.get(...frames);
  }

  #one(next: Frame): void {
    const padded = Buffer.from(`<${next.data}>`);
    const id = next.id ?? undefined;
    if (this.continuity.catchingUp) {
      const verdict = this.continuity.classify(padded, 1, padded.length - 1, id, true, this.cursor);
      if (verdict === 'drop') return;
      if (verdict === 'restarted') {
        this.gaps.push(verdict);
        for (const held of this.continuity.takeHeld()) {
          this.#deliver(held.bytes, 0, held.bytes.length, held.id);
        }
      }
    }
    this.#deliver(padded, 1, padded.length - 1, id);
  }

  #deliver(source: Buffer, start: number, end: number, id: string | undefined): void {
    if (id !== undefined) this.cursor = id;
    this.continuity.record(source, start, end, id);
    this.delivered.push({ id: id ?? null, data: source.toString('utf8', start, end) });
  }
}

const reader = (...frames: Frame[]) => new Reader().get(...frames);

describe('continuity after a resume', () => {
  it('has nothing to judge before the first resume', () => {
    expect(reader(...numbers(1, 5)).continuity.catchingUp).to.equal(false);
  });

  it('passes what follows the cursor', () => {
    const { delivered, gaps } = reader(...numbers(1, 3)).resume(...numbers(4, 6));
    expect({ delivered, gaps }).to.deep.equal({ delivered: numbers(4, 6), gaps: [] });
  });

  it('drops what comes again up to the last one, then stops judging', () => {
    const it = reader(...numbers(1, 5)).resume(...numbers(3, 5));
    expect(it.delivered).to.deep.equal([]);
    expect(it.continuity.catchingUp).to.equal(false);
    expect(it.get(...numbers(6, 7)).delivered).to.deep.equal(numbers(6, 7));
    expect(it.gaps).to.deep.equal([]);
  });

  it('drops repeats without an id only behind a repeat that had one', () => {
    const frames = [frame('1'), frame(null, 'a'), frame(null, 'b'), frame('2')];
    expect(reader(...frames).resume(...frames, frame('3')).delivered).to.deep.equal([frame('3')]);
    // The same bytes without an id, at the start of a connection: perhaps a greeting. Nobody can call it a repeat.
    expect(reader(...frames).resume(frame(null, 'a'), frame('3')).delivered).to.deep.equal([
      frame(null, 'a'),
      frame('3'),
    ]);
  });

  it('passes a greeting that every connection begins with, and takes nothing without its id for a repeat', () => {
    const frames = [frame(null, 'hello'), frame('1'), frame('2', 'same')];
    expect(reader(...frames).resume(frame(null, 'hello'), frame('3')).delivered).to.deep.equal([
      frame(null, 'hello'),
      frame('3'),
    ]);
    const it = reader(...frames).resume(frame('1'), frame(null, 'same'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('1'), frame(null, 'same')], ['restarted']]);
  });

  it('still knows repeats behind a greeting', () => {
    const it = reader(...numbers(1, 5)).resume(frame(null, 'hello'), ...numbers(2, 6));
    expect(it.delivered).to.deep.equal([frame(null, 'hello'), frame('6')]);
    expect(it.gaps).to.deep.equal([]);
    const back = reader(...numbers(5, 9)).resume(frame(null, 'hello'), frame('1'));
    expect([back.delivered, back.gaps]).to.deep.equal([[frame(null, 'hello'), frame('1')], ['restarted']]);
  });

  it('drops repeats of which some are left out', () => {
    const it = reader(...numbers(1, 9)).resume(frame('2'), frame('5'), ...numbers(8, 10));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('10')], []]);
  });

  it('says that ids began anew when a known one comes with other bytes, and delivers it', () => {
    const it = reader(...numbers(1, 3)).resume(frame('2', 'other'), frame('3', 'other'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('2', 'other'), frame('3', 'other')], ['restarted']]);
  });

  it('gives back what looked like repeats before', () => {
    const it = reader(...numbers(1, 4)).resume(frame('1'), frame('2'), frame('3', 'other'), frame('4'));
    const all = [frame('1'), frame('2'), frame('3', 'other'), frame('4')];
    expect([it.delivered, it.gaps]).to.deep.equal([all, ['restarted']]);
  });

  it('gives back repeats without ids too, with everything that they had', () => {
    const it = reader(frame('1'), frame(null, 'x'), frame('2')).resume(frame('1'), frame(null, 'x'), frame('7'));
    expect(it.delivered).to.deep.equal([frame('1'), frame(null, 'x'), frame('7')]);
  });

  it('holds no more bytes than it may: the oldest go', () => {
    const it = new Reader('', 20).get(...numbers(1, 5)).resume(...numbers(1, 4), frame('5', 'other'));
    expect(it.delivered).to.deep.equal([...numbers(3, 4), frame('5', 'other')]);
    const exact = new Reader('', 18).get(...numbers(1, 5)).resume(...numbers(1, 4), frame('5', 'other'));
    expect(exact.delivered).to.deep.equal([...numbers(3, 4), frame('5', 'other')]);
    const less = new Reader('', 17).get(...numbers(1, 5)).resume(...numbers(1, 4), frame('5', 'other'));
    expect(less.delivered).to.deep.equal([frame('4'), frame('5', 'other')]);
  });

  it('forgets the old epoch: after ids began anew, repeats of the new one are known', () => {
    const it = reader(...numbers(1, 9)).resume(frame('1', 'new'), frame('2', 'new'));
    it.resume(frame('1', 'new'), frame('2', 'new'), frame('3', 'new'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('3', 'new')], ['restarted']]);
    // Not judged by what the old epoch had under that id.
    it.resume(frame('9', 'new'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('9', 'new')], ['restarted']]);
  });

  it('says so when the first number goes back to one that was never seen, or long ago', () => {
    for (const id of ['1', '99', '100', '0099', '00']) {
      const it = new Reader('100').resume(frame(id));
      expect([it.delivered, it.gaps], id).to.deep.equal([[frame(id)], ['restarted']]);
    }
  });

  it('takes as new what has no order that is known, and numbers that go on', () => {
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
      expect([it.delivered, it.gaps], `${cursor} → ${id}`).to.deep.equal([[frame(id)], []]);
    }
    expect(new Reader('9007199254740993').resume(frame('9007199254740992')).gaps).to.deep.equal(['restarted']);
  });

  it('judges going back by the first event only: upstreams whose numbers fall are not restarted again and again', () => {
    const it = new Reader('100').resume(frame('150'), frame('120'), frame('90'));
    expect([it.delivered.length, it.gaps]).to.deep.equal([3, []]);
  });

  it('delivers repeated ids with other data, and says so', () => {
    const it = reader(frame('x', 'one'), frame('x', 'two')).resume(frame('x', 'three'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('x', 'three')], ['restarted']]);
  });

  it('knows the newest of the frames with one id', () => {
    const it = reader(frame('x', 'one'), frame('x', 'two')).resume(frame('x', 'two'), frame('x', 'three'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('x', 'three')], []]);
  });

  it('can prove nothing without ids', () => {
    const it = reader(frame(null, 'a')).resume(frame(null, 'a'), frame(null, 'b'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame(null, 'a'), frame(null, 'b')], ['no-ids']]);
    expect(new Reader().resume().gaps).to.deep.equal(['no-ids']);
    expect(reader(frame('1'), frame('', 'cleared')).resume().gaps).to.deep.equal(['no-ids']);
  });

  it('nor for what came without an id behind the last one that had one', () => {
    expect(reader(frame('1'), frame(null, 'a')).resume(frame('2')).gaps).to.deep.equal(['no-ids']);
    expect(reader(frame(null, 'a'), frame('1')).resume(frame('2')).gaps).to.deep.equal([]);
    expect(new Reader('1').resume(frame('2')).gaps).to.deep.equal([]);
    expect(new Reader('1').get(frame(null, 'a')).resume().gaps).to.deep.equal(['no-ids']);
  });

  it('nor with an id that can’t be sent', () => {
    const it = reader(frame('a\x01b')).resume(frame('a\x01b'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('a\x01b')], ['unusable-id']]);
    expect(it.continuity.catchingUp).to.equal(false);
  });

  it('begins anew with each resume: a run of repeats that was cut off is none any more', () => {
    const it = reader(...numbers(1, 5))
      .resume(...numbers(1, 3))
      .resume(...numbers(1, 6));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('6')], []]);
    it.resume(...numbers(4, 5)).resume(frame('7'));
    expect([it.delivered, it.gaps]).to.deep.equal([[frame('7')], []]);
  });

  it('remembers so many frames, not one more', () => {
    const all = numbers(1, replayWindow + 1);
    const known = new Reader('0').get(...all).resume(frame('2', 'data of 2'), ...all.slice(2), frame('x'));
    expect([known.delivered, known.gaps]).to.deep.equal([[frame('x')], []]);
    const unknown = new Reader('0').get(...all).resume(frame('1'));
    expect(unknown.gaps).to.deep.equal(['restarted']);
  });

  it('looks out for late repeats for as long as that, not longer', () => {
    const it = reader(...numbers(1, 3)).resume(...numbers(4, replayWindow + 2));
    expect(it.continuity.catchingUp).to.equal(true);
    it.get(frame('n'));
    expect(it.continuity.catchingUp).to.equal(false);
  });

  it('passes exactly what is new, for any history and any place from which it is repeated', () => {
    const history = fc.uniqueArray(fc.string({ unit: fc.constantFrom(...'abc12'), minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 40,
    });
    const gaps = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
    const property = fc.property(
      history,
      gaps,
      fc.nat(),
      fc.nat(),
      fc.array(fc.nat(50), { maxLength: 3 }),
      (ids, withIds, seen, from, cuts) => {
        // The first frame that is repeated must have an id, and the last one that was seen.
        const all = ids.map((id, n) => frame(withIds[n] ? id : null, `${n}`));
        const given = all.slice(0, 1 + (seen % all.length)).filter((_, n) => n >= 0);
        const last = given.at(-1) as Frame;
        last.id ??= ids[given.length - 1] as string;
        const start = from % given.length;
        const first = all[start] as Frame;
        first.id ??= ids[start] as string;
        const it = reader(...given);
        // Cut off and begun again any number of times on the way through the repeats.
        for (const cut of cuts) it.resume(...all.slice(start, Math.min(start + cut, given.length)));
        it.resume(...all.slice(start));
        expect(it.delivered).to.deep.equal(all.slice(given.length));
        expect(it.gaps).to.deep.equal([]);
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });
});
