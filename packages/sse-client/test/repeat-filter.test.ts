import { expect } from 'chai';
import fc from 'fast-check';
import { compareIds } from '../src/entries/id-order.ts';
import { createRepeatFilter } from '../src/entries/repeat-filter.ts';
import { fingerprint } from '../src/fingerprint.ts';

/** 'id data' or 'id data type'. */
function parse(text: string) {
  const [id = '', data = '', event = 'message'] = text.split(' ');
  return { id: id === '-' ? '' : id, data, event };
}

/** One connection each; the first one is fresh, the others resume. Returns what passes, and what the filter reports. */
function deliver(connections: string[][], size = 100): string[] {
  const filter = createRepeatFilter(() => size);
  const passed: string[] = [];
  let cursor = '';
  for (const events of connections) {
    filter.resume(cursor);
    for (const text of events) {
      const event = parse(text);
      const [isNew, finding] = filter.classify(event);
      if (finding) passed.push(`(${finding})`);
      if (isNew) passed.push(text);
      cursor = event.id || cursor;
    }
  }
  return passed;
}

describe('the repeat filter', () => {
  const cases: Record<string, { connections: string[][]; expected: string }> = {
    'keeps equal events on a live connection [R35]': {
      connections: [['1 a', '1 a', '1 b', '1 a']],
      expected: '1 a,1 a,1 b,1 a',
    },
    'drops what a server with >= repeats [row 36]': {
      connections: [
        ['1 a', '2 b'],
        ['2 b', '3 c'],
      ],
      expected: '1 a,2 b,3 c',
    },
    'drops only the known ones of several events with one id, when the connection broke among them [R36]': {
      connections: [
        ['1 x', '1 y'],
        ['1 x', '1 y', '1 x', '1 z', '2 x'],
      ],
      expected: '1 x,1 y,1 x,1 z,2 x',
    },
    'drops repeats of events with one id that come in another order': {
      connections: [
        ['1 x', '1 z'],
        ['1 x', '1 y', '1 z', '2 a'],
      ],
      expected: '1 x,1 z,1 y,2 a',
    },
    'drops repeats of ids that arrived out of order': {
      connections: [
        ['100 a', '98 b'],
        ['98 b', '99 n', '100 a', '101 c'],
      ],
      expected: '100 a,98 b,99 n,101 c',
    },
    'keeps an event that differs in its type alone [R35]': {
      connections: [['1 a'], ['1 a other', '1 a']],
      expected: '1 a,1 a other',
    },
    'drops the whole log of a server that ignores Last-Event-ID [row 11]': {
      connections: [
        ['1 a', '2 b', '3 c'],
        ['1 a', '2 b', '3 c', '4 d'],
        ['1 a', '2 b', '3 c', '4 d'],
      ],
      expected: '1 a,2 b,3 c,4 d',
    },
    'drops repeats that follow older events, and reports that ids may have restarted [row 10]': {
      connections: [
        ['5 a', '6 b'],
        ['3 x', '4 y', '5 a', '6 b', '7 c'],
      ],
      expected: '5 a,6 b,(ids-restarted),3 x,4 y,7 c',
    },
    'drops repeats that follow an older event with the same id, where the client began among several': {
      connections: [
        ['5 b', '6 c'],
        ['4 x', '5 a', '5 b', '6 c', '7 d'],
      ],
      expected: '5 b,6 c,(ids-restarted),4 x,5 a,7 d',
    },
    'reports a restart once when the first ids are unknown, and forgets what was before it [row 10]': {
      connections: [
        ['7 a', '8 b', '9 c'],
        ['1 x', '8 y', '9 c'],
        ['9 c', '10 d'],
      ],
      expected: '7 a,8 b,9 c,(ids-restarted),1 x,8 y,9 c,10 d',
    },
    'keeps events after a restart that are equal to events before it [row 10]': {
      connections: [['1 a', '2 b', '3 c'], ['1 x'], ['1 x', '2 b']],
      expected: '1 a,2 b,3 c,(ids-restarted),1 x,2 b',
    },
    'keeps an event equal to an older one after the server has repeated all [R35]': {
      connections: [
        ['1 a', '2 b'],
        ['2 b', '1 a', '2 b'],
      ],
      expected: '1 a,2 b,1 a,2 b',
    },
    'keeps an event equal to an older one after an event beyond the cursor [R35]': {
      connections: [
        ['1 a', '2 b'],
        ['3 c', '1 a', '2 b'],
      ],
      expected: '1 a,2 b,3 c,1 a,2 b',
    },
    'recognises the end of the repeats by ids that have no order': {
      connections: [
        ['x a', 'y b'],
        ['y b', 'z c', 'x a'],
      ],
      expected: 'x a,y b,z c,x a',
    },
    'drops events without an id that a server repeats behind the same id [input 30]': {
      connections: [
        ['1 a', '- x', '- x', '2 b', '- y'],
        ['1 a', '- x', '- x', '2 b', '- y', '- y', '3 c', '- x'],
      ],
      expected: '1 a,- x,- x,2 b,- y,- y,3 c,- x',
    },
    'keeps an event without an id that follows no repeat [input 30]': {
      connections: [
        ['- a', '1 b', '- a'],
        ['- a', '2 c', '- a'],
        ['- a', '2 c', '- b', '- a'],
      ],
      expected: '- a,1 b,- a,- a,2 c,- a,- a,- b,- a',
    },
    'keeps every event of a stream without ids [R32]': {
      connections: [
        ['- a', '- b'],
        ['- a', '- b'],
      ],
      expected: '- a,- b,- a,- b',
    },
    'reports that ids restarted when a known id comes first with other data [row 10]': {
      connections: [
        ['1 a', '2 b', '3 c'],
        ['1 x', '2 b', '3 c', '4 d'],
      ],
      expected: '1 a,2 b,3 c,(ids-restarted),1 x,2 b,3 c,4 d',
    },
    'does not take a new event with the id of the cursor for a restart [R36]': {
      connections: [
        ['1 a', '2 b'],
        ['2 c', '2 b', '3 d'],
      ],
      expected: '1 a,2 b,2 c,3 d',
    },
    'keeps all after a resume that repeats nothing': {
      connections: [['1 a', '2 b'], ['3 a'], ['4 a', '4 a']],
      expected: '1 a,2 b,3 a,4 a,4 a',
    },
  };
  for (const [title, { connections, expected }] of Object.entries(cases))
    it(`the repeat filter ${title}`, () => expect(deliver(connections).join()).to.equal(expected));

  it('the repeat filter reports a repeated log that is longer than its memory', () => {
    const log = Array.from({ length: 50 }, (_, id) => `${id} x`);
    const passed = deliver([log, [...log, '50 x'], ['50 x', '51 x']], 10);
    const gap = passed.indexOf('(replay-too-long)');
    expect(passed.slice(0, 50)).to.deep.equal(log);
    expect(passed.slice(gap)).to.deep.equal(['(replay-too-long)', '50 x', '51 x']);
    expect(gap).to.be.within(50, 50 + 50 - 10);
  });

  it('the repeat filter drops once an event that seed() or fill() has added before, also on a live connection', () => {
    const filter = createRepeatFilter(() => 10);
    const classify = (text: string) => filter.classify(parse(text))[0];
    filter.resume('');
    classify('3 c');
    expect(filter.deliver(['1 a', '4 d', '5 e'].map(parse))).to.have.length(3);
    expect(['4 d', '4 d', '1 a', '5 e'].map(classify)).to.deep.equal([false, true, true, false]);
    filter.deliver([parse('6 f')]);
    filter.resume('5');
    expect(['5 e', '6 f', '6 f'].map(classify)).to.deep.equal([false, false, true]);
  });

  it('the repeat filter delivers any log with shared ids exactly once, whatever breaks and whatever kind of server resumes (property)', () => {
    const log = fc.array(
      fc.record({ step: fc.nat(1), data: fc.constantFrom('a', 'b'), event: fc.constantFrom('m', 'n') }),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    const form = fc.constantFrom(
      (n: number) => `${n}`,
      (n: number) => `2026-01-01T00:00:00.${String(n).padStart(3, '0')}Z`,
      (n: number) => `id${(n * 7919) % 1000}`,
    );
    fc.assert(
      fc.property(log, form, fc.array(fc.nat(40), { maxLength: 6 }), fc.boolean(), (steps, idOf, cuts, ignoresId) => {
        let number = 1;
        const events = steps.map(({ step, ...rest }) => {
          number += step;
          return { id: idOf(number), ...rest };
        });
        const filter = createRepeatFilter(() => 1_000);
        const passed: unknown[] = [];
        let cursor = '';
        let sent = 0;
        for (const cut of [...cuts, events.length]) {
          filter.resume(cursor);
          // [R36] The server begins with the first event that has the cursor's id.
          const first = cursor === '' || ignoresId ? 0 : events.findIndex(({ id }) => id === cursor);
          sent = Math.max(sent, Math.min(first + cut, events.length));
          for (const event of events.slice(first, sent)) {
            const [isNew, finding] = filter.classify(event);
            if (finding) passed.push(finding);
            if (isNew) passed.push(event);
            cursor = event.id;
          }
        }
        expect(passed).to.deep.equal(events.slice(0, sent));
      }),
      { numRuns: 500 },
    );
  });

  it('the repeat filter remembers at least `size` events and at most twice as many', () => {
    for (const back of [10, 21]) {
      const ids = Array.from({ length: 100 }, (_, id) => `${id} x`);
      const repeated = ids.slice(-back);
      const passed = deliver([ids, repeated], 10).slice(100);
      expect(passed.length === 0, `${back} back`).to.equal(back === 10);
    }
  });
});

describe('fingerprints', () => {
  it('fingerprints differ for every difference in id, type or data, for short and for long data', () => {
    for (const base of ['', 'x'.repeat(1_000)]) {
      const events = ['abc', 'abd', 'acb', 'ab', 'abcd', ''].flatMap((data) =>
        ['m', 'n'].flatMap((event) => ['1', '2'].map((id) => ({ id, event, data: base + data }))),
      );
      expect(new Set(events.map(fingerprint)).size).to.equal(events.length);
    }
  });

  it('fingerprints of events without an id are empty', () => {
    expect(fingerprint({ id: '', event: 'message', data: 'x' })).to.equal('');
  });
});

describe('the order of ids', () => {
  for (const [a, b, order] of [
    ['9', '10', -1],
    ['010', '9', 1],
    ['7', '7', 0],
    ['2026-01-01T00:00:00.001Z', '2026-01-01T00:00:00.010Z', -1],
    ['1764-0', '1764-1', -1],
    ['1764-9', '1764-10', undefined],
    ['a', 'b', undefined],
    ['', '1', undefined],
  ] as const)
    it(`the order of '${a}' and '${b}' is ${order}`, () => {
      const result = compareIds(a, b);
      expect(result === undefined ? undefined : Math.sign(result)).to.equal(order);
    });
});
