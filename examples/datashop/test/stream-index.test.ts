import { expect } from 'chai';
import fc from 'fast-check';
import { type LevelGroup, levelGroup, levelGroups } from '../web/src/log.ts';
import { type Filter, LogIndex } from '../web/src/stream/logic/log-index.ts';
import { findMarks } from '../web/src/stream/logic/marks.ts';
import { matchTexts } from '../web/src/stream/logic/match-texts.ts';
import { Row, type Rows } from '../web/src/stream/logic/row.ts';
import { compile } from '../web/src/stream/logic/search.ts';
import { ListModel, logData } from './support/entries.ts';

const everything: Filter = { levels: new Set(levelGroups), accepts: null, pattern: null, only: false, run: '' };
const filter = (change: Partial<Filter>): Filter => ({ ...everything, ...change });
const keys = (rows: Rows) => rows.slice().map((row) => row.key);

/** The expected view of lines with labels, computed from scratch. */
function fromScratch(model: ListModel, { levels, pattern, only }: Filter) {
  const rows = model.entries.map((entry, index) => new Row(entry, model.offset + index));
  const lines = rows.filter((row) => row.line !== null);
  const isMatch = ({ text }: Row) => pattern !== null && findMarks(pattern, text) !== null;
  const groupOf = ({ line }: Row) => levelGroup(line!.label);
  const hits = lines.filter((row) => levels.has(groupOf(row)) && isMatch(row));
  const isShown = (row: Row) => levels.has(groupOf(row)) && (!only || pattern === null || isMatch(row));
  return {
    rows: keys(rows.filter((row) => row.line === null || isShown(row))),
    hits: keys(hits),
    counts: Object.fromEntries(
      levelGroups.map((group) => [group, lines.filter((row) => groupOf(row) === group).length]),
    ),
    lines: lines.length,
  };
}

/** Matches the next rows as the worker does. @returns how many there were */
function matchNext(index: LogIndex, pattern: RegExp | null, limit: number): number {
  const { search, rows } = index.unmatched(limit);
  const texts = rows.map((row) => row.text);
  if (rows.length > 0) index.setMatches(search, rows, matchTexts(pattern!, texts));
  return rows.length;
}

/** Advances in slices of a few rows, as a busy page does, until nothing is left to do. */
function finish(index: LogIndex, pattern: RegExp | null) {
  for (let round = 0; round < 1_000; round += 1) {
    let checks = 0;
    if (index.behind) index.advance(() => ++checks > 2);
    if (matchNext(index, pattern, 7) === 0 && !index.behind) return;
  }
  throw new Error('The index does not come to an end');
}

describe('LogIndex', () => {
  const label = fc.constantFrom('DEBUG', 'INFO', 'WARN', 'ERROR', 'error', 'FATAL', 'TRACE');
  const text = fc.constantFrom('loaded rows', 'rejected', 'Loaded 12', '');
  const data = fc.tuple(label, text).map(([name, message]) => logData(name, message));
  const filters = fc
    .record({
      levels: fc.subarray([...levelGroups]).map((levels) => new Set(levels)),
      text: fc.constantFrom('', 'loaded', 'nothing has this', '.'),
      regex: fc.boolean(),
      only: fc.boolean(),
    })
    .map(
      ({ levels, only, ...query }): Filter => ({
        levels,
        accepts: null,
        only,
        run: '',
        pattern: compile(query).pattern,
      }),
    );
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('append' as const), data: fc.array(data, { maxLength: 300 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('trim' as const), count: fc.nat(400) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('filter' as const), filter: filters }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('insert' as const), at: fc.nat(600), data: fc.array(data) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('gap' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('work' as const), checks: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  );

  it('LogIndex shows what filtering from scratch shows, after any sequence of changes of list and filter', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), (steps) => {
        const model = new ListModel();
        let now = everything;
        const index = new LogIndex(now);
        const settle = () => {
          index.setEntries(model.list());
          finish(index, now.pattern);
          const { rows, hits, counts, lines, shown } = index.view;
          expect({ rows: keys(rows), hits: keys(hits), counts, lines }).to.deep.equal(fromScratch(model, now));
          const visible = rows.slice().filter(({ line }) => line !== null);
          const errors = visible.filter(({ group }) => group === 'ERROR');
          expect(shown).to.deep.equal({ lines: visible.length, errors: errors.length });
          const { counts: inTime } = index.volume({});
          const sums = levelGroups.map((group) => inTime[group].reduce((sum, each) => sum + each, 0));
          expect(sums).to.deep.equal(levelGroups.map((group) => visible.filter((row) => row.group === group).length));
          expect(index.progress).to.equal(1);
        };
        for (const action of steps) {
          if (action.do === 'append') model.append(...action.data.map((text) => model.event(text)));
          else if (action.do === 'trim') model.trim(action.count);
          else if (action.do === 'insert') model.insert(action.at, ...action.data.map((text) => model.event(text)));
          else if (action.do === 'gap') model.append(model.gap());
          else if (action.do === 'clear') model.clear();
          else if (action.do === 'filter') {
            now = action.filter;
            index.setFilter(now);
          } else if (action.do === 'settle') settle();
          else {
            let checks = 0;
            index.setEntries(model.list());
            index.advance(() => ++checks > action.checks);
          }
        }
        settle();
      }),
      { numRuns: 300 },
    );
  });

  it('LogIndex parses each entry once, also when the list changes in its middle', () => {
    const model = new ListModel();
    model.append(model.event(logData('INFO', 'one')), model.event(logData('WARN', 'two')));
    const index = new LogIndex(everything);
    index.setEntries(model.list());
    index.advance();
    const before = index.view.rows.slice();
    model.insert(0, model.event(logData('ERROR', 'older')));
    index.setEntries(model.list());
    index.advance();
    expect(index.view.rows.slice(1)).to.deep.equal(before);
    expect(index.view.rows.at(1)).to.equal(before[0]);
    expect(index.view.rows.slice().map((row) => row.place)).to.deep.equal([0, 1, 2]);
  });

  it('LogIndex keeps the previous view until a new search is complete', () => {
    const model = new ListModel();
    model.append(...Array.from({ length: 1_000 }, (_, at) => model.event(logData('INFO', `row ${at}`))));
    const index = new LogIndex(everything);
    index.setEntries(model.list());
    index.advance();
    const { pattern } = compile({ text: 'row 999', regex: false });
    index.setFilter(filter({ pattern, only: true }));
    matchNext(index, pattern, 500);
    index.advance();
    expect(index.view.rows.length).to.equal(1_000);
    expect(index.progress).to.equal(0.5);
    matchNext(index, pattern, 500);
    index.advance();
    expect(index.view.rows.length).to.equal(1);
    expect(index.progress).to.equal(1);
  });

  it('LogIndex ignores the matches of a search that was replaced', () => {
    const model = new ListModel();
    model.append(model.event(logData('INFO', 'one')));
    const first = compile({ text: 'one', regex: true }).pattern;
    const index = new LogIndex(filter({ pattern: first, only: true }));
    index.setEntries(model.list());
    index.advance();
    const { search, rows } = index.unmatched(10);
    index.setFilter(filter({ pattern: compile({ text: 'two', regex: true }).pattern, only: true }));
    index.setMatches(search, rows, matchTexts(/one/g, ['one']));
    index.advance();
    expect(index.behind).to.equal(false);
    expect(index.unmatched(10).rows).to.deep.equal(rows);
  });

  it('finds the lines of a run by its whole number, besides those with the text', () => {
    const model = new ListModel();
    const of = (execID: string) => ({ meta: { execID, timestamp: 1_000 } });
    model.append(
      model.event(logData('INFO', 'one', of('47'))),
      model.event(logData('INFO', 'run 47', of('5'))),
      model.event(logData('INFO', 'three', of('471'))),
    );
    const { pattern } = compile({ text: '47', regex: false });
    const index = new LogIndex(filter({ pattern, only: true, run: '47' }));
    index.setEntries(model.list());
    finish(index, pattern);
    const rows = index.view.rows.slice();
    expect(rows.map(({ line }) => line!.message)).to.deep.equal(['one', 'run 47']);
    expect(rows.map((row) => index.isRunHit(row))).to.deep.equal([true, false]);
    expect(rows[0]!.marks).to.have.length(0);
  });

  it('counts streamed lines as arrived, trimmed ones included, and original lines not', () => {
    const model = new ListModel();
    model.append(model.event(logData('ERROR', 'old'), { origin: 'original' }), model.event(logData('ERROR', 'new')));
    const index = new LogIndex(everything);
    index.setEntries(model.list());
    index.advance();
    model.trim(2);
    model.append(model.event('plain'));
    index.setEntries(model.list());
    index.advance();
    expect(index.view.arrived).to.deep.equal({ lines: 2, errors: 1 });
  });

  describe('for lines without a level', () => {
    const groups = (index: LogIndex, model: ListModel): LevelGroup[] => {
      index.setEntries(model.list());
      index.advance();
      return index.view.rows.slice().map((row) => row.group);
    };
    const traceback = ['Traceback (most recent call last):', '  File "job.py", line 7', 'KeyError: 7'];

    it('counts lines without a level in the group of the line before, also when that one is trimmed', () => {
      const model = new ListModel();
      const index = new LogIndex(everything);
      model.append(model.event(logData('fatal', 'x')), ...traceback.map((text) => model.event(text)));
      expect(groups(index, model)).to.deep.equal(['ERROR', 'ERROR', 'ERROR', 'ERROR']);
      expect(index.view.counts.ERROR).to.equal(4);
      expect(index.view.arrived).to.deep.equal({ lines: 4, errors: 1 });
      model.trim(2);
      model.append(model.event('plain'));
      expect(groups(index, model)).to.deep.equal(['ERROR', 'ERROR', 'ERROR']);
      model.append(model.event(logData('INFO', 'y')), model.event('plain'));
      expect(groups(index, model)).to.deep.equal(['ERROR', 'ERROR', 'ERROR', 'INFO', 'INFO']);
    });

    it('counts lines without a level as OTHER at the beginning of the list and behind a gap', () => {
      const model = new ListModel();
      const index = new LogIndex(everything);
      model.append(model.event('plain'), model.event(logData('WARN', 'x')), model.gap(), model.event('plain'));
      expect(groups(index, model)).to.deep.equal(['OTHER', 'WARN', 'OTHER', 'OTHER']);
    });

    it('counts lines without a level again when older lines are loaded before them', () => {
      const model = new ListModel();
      const index = new LogIndex(everything);
      model.append(model.event('plain'));
      expect(groups(index, model)).to.deep.equal(['OTHER']);
      model.insert(0, model.event(logData('CRITICAL', 'x')));
      expect(groups(index, model)).to.deep.equal(['ERROR', 'ERROR']);
      expect(index.view.counts).to.include({ ERROR: 2, OTHER: 0 });
    });

    it('never hides a line without a level unless the switch of its group is off', () => {
      const model = new ListModel();
      model.append(...['plain', logData('TRACE', 'x'), logData('', 'y'), '{}'].map((text) => model.event(text)));
      const index = new LogIndex(filter({ levels: new Set(['OTHER']) }));
      expect(groups(index, model)).to.have.length(4);
      index.setFilter(filter({ levels: new Set(['DEBUG', 'INFO', 'WARN', 'ERROR']) }));
      expect(groups(index, model)).to.deep.equal([]);
    });
  });
});
