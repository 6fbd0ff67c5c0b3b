import { expect } from 'chai';
import fc from 'fast-check';
import { type Level, logLevels } from '../web/src/log.ts';
import { type Filter, LogIndex } from '../web/src/stream/logic/log-index.ts';
import { matchTexts } from '../web/src/stream/logic/match-texts.ts';
import { Row } from '../web/src/stream/logic/row.ts';
import { compile, matches } from '../web/src/stream/logic/search.ts';
import { ListModel, logData } from './support/entries.ts';

const everything: Filter = { levels: new Set(logLevels), pattern: null, elsewhere: false, only: false };
const filter = (change: Partial<Filter>): Filter => ({ ...everything, ...change });
const keys = (rows: readonly Row[]) => rows.map((row) => row.key);

/** What the index has to come to, from scratch. */
function fromScratch(model: ListModel, { levels, pattern, only }: Filter) {
  const rows = model.entries.map((entry, index) => new Row(entry, model.offset + index));
  const lines = rows.filter((row) => row.line !== null);
  const found = ({ text }: Row) => pattern !== null && matches(pattern, text);
  const levelShown = ({ line }: Row) => (line!.level === null ? levels.size === 4 : levels.has(line!.level));
  const hits = lines.filter((row) => levelShown(row) && found(row));
  return {
    rows: keys(
      rows.filter((row) => row.line === null || (levelShown(row) && (!only || pattern === null || found(row)))),
    ),
    hits: keys(hits),
    levels: Object.fromEntries(
      logLevels.map((level) => [level, lines.filter(({ line }) => line!.level === level).length]),
    ),
    lines: lines.length,
  };
}

/** Works in slices of a few rows, as a busy page does, and plays the worker. */
function finish(index: LogIndex, pattern: RegExp | null) {
  for (let round = 0; round < 1_000; round += 1) {
    let looks = 0;
    if (index.behind) index.advance(() => ++looks > 2);
    const { search, rows } = index.unmatched(7);
    if (rows.length > 0) {
      index.setVerdicts(
        search,
        rows,
        matchTexts(
          pattern!,
          rows.map((row) => row.text),
        ),
      );
    } else if (!index.behind) return;
  }
  throw new Error('The index does not come to an end');
}

describe('the index of the list', () => {
  const level = fc.constantFrom<Level | 'TRACE'>(...logLevels, 'TRACE');
  const data = fc.oneof(
    fc.tuple(level, fc.constantFrom('loaded rows', 'rejected', 'Loaded 12')).map(([name, text]) => logData(name, text)),
    fc.constantFrom('plain loaded text', '{"broken', ''),
  );
  const filters = fc
    .record({
      levels: fc.subarray([...logLevels]).map((levels) => new Set(levels)),
      text: fc.constantFrom('', 'loaded', 'nothing has this', '.'),
      elsewhere: fc.boolean(),
      only: fc.boolean(),
    })
    .map(({ levels, text, elsewhere, only }): Filter => {
      const { pattern } = compile({ text, regex: elsewhere });
      return { levels, pattern, elsewhere: elsewhere && pattern !== null, only };
    });
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
    { weight: 4, arbitrary: fc.record({ do: fc.constant('work' as const), looks: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  );

  it('always comes to what filtering from scratch gives, whatever happened meanwhile', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), (steps) => {
        const model = new ListModel();
        let now = everything;
        const index = new LogIndex(now);
        const settle = () => {
          index.setEntries(model.list());
          finish(index, now.pattern);
          const { rows, hits, levels, lines } = index.view;
          expect({ rows: keys(rows), hits: keys(hits), levels, lines }).to.deep.equal(fromScratch(model, now));
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
            let looks = 0;
            index.setEntries(model.list());
            index.advance(() => ++looks > action.looks);
          }
        }
        settle();
      }),
      { numRuns: 300 },
    );
  });

  it('looks at nothing twice: a line is parsed once, also when the list changes in its middle', () => {
    const model = new ListModel();
    model.append(model.event(logData('INFO', 'one')), model.event(logData('WARN', 'two')));
    const index = new LogIndex(everything);
    index.setEntries(model.list());
    index.advance();
    const before = index.view.rows;
    model.insert(0, model.event(logData('ERROR', 'older')));
    index.setEntries(model.list());
    index.advance();
    expect(index.view.rows.slice(1)).to.deep.equal([...before]);
    expect(index.view.rows[1]).to.equal(before[0]);
    expect(index.view.rows.map((row) => row.place)).to.deep.equal([0, 1, 2]);
  });

  it('goes on showing what it showed until a new search is through', () => {
    const model = new ListModel();
    model.append(...Array.from({ length: 1_000 }, (_, at) => model.event(logData('INFO', `row ${at}`))));
    const index = new LogIndex(everything);
    index.setEntries(model.list());
    index.advance();
    index.setFilter(filter({ pattern: compile({ text: 'row 999', regex: false }).pattern, only: true }));
    let looks = 0;
    index.advance(() => ++looks > 4);
    expect(index.view.rows).to.have.length(1_000);
    expect(index.progress).to.be.greaterThan(0).and.lessThan(1);
    index.advance();
    expect(index.view.rows).to.have.length(1);
    expect(index.progress).to.equal(1);
  });

  it('takes no verdict of a search that was given up', () => {
    const model = new ListModel();
    model.append(model.event(logData('INFO', 'one')));
    const first = compile({ text: 'one', regex: true }).pattern;
    const index = new LogIndex(filter({ pattern: first, elsewhere: true, only: true }));
    index.setEntries(model.list());
    index.advance();
    const { search, rows } = index.unmatched(10);
    index.setFilter(filter({ pattern: compile({ text: 'two', regex: true }).pattern, elsewhere: true, only: true }));
    index.setVerdicts(search, rows, Uint8Array.of(1));
    index.advance();
    expect(index.behind).to.equal(false);
    expect(index.unmatched(10).rows).to.deep.equal(rows);
  });

  it('counts what arrived, trimmed or not, but not the original lines', () => {
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
});
