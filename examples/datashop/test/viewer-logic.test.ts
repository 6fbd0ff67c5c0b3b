import { expect } from 'chai';
import fc from 'fast-check';
import {
  excluding,
  filterPatch,
  isFiltered,
  type LogFilter,
  noFilter,
  readFilter,
  sameFilter,
  serviceLevels,
  toggleLevel,
} from '../web/src/filters/log-filter.ts';
import { levelGroups } from '../web/src/log.ts';
import { ConnectionHistory } from '../web/src/stream/logic/history.ts';
import { parseLine } from '../web/src/stream/logic/line.ts';
import { lineFilter } from '../web/src/stream/logic/line-filter.ts';
import { Row } from '../web/src/stream/logic/row.ts';
import { selectedRows, textOfRows } from '../web/src/stream/logic/selection.ts';
import { separatorsOf } from '../web/src/stream/logic/separators.ts';
import { readAnsi } from '../web/src/text/ansi.ts';
import { segmentsOf } from '../web/src/text/segments.ts';
import { bucketCount, maxBuckets, noVolume, spanOf, spanText, timesOf, totalAt } from '../web/src/volume/volume.ts';
import { VolumeCounter } from '../web/src/volume/volume-counter.ts';
import { ListModel, logData } from './support/entries.ts';

const begin = Date.UTC(2026, 10, 23, 14);

describe('the filter in the address', () => {
  const query = (patch: ReturnType<typeof filterPatch>) => {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(patch))
      for (const each of [value ?? []].flat()) if (each) parameters.append(name, each);
    return parameters;
  };
  const text = fc.string({ minLength: 1, maxLength: 20 });
  const iso = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString());
  const filters: fc.Arbitrary<LogFilter> = fc.record({
    text: fc.option(text, { nil: '' }),
    regex: fc.boolean(),
    marksAll: fc.boolean(),
    levels: fc.subarray([...levelGroups]).map((levels) => new Set(levels)),
    from: fc.option(iso, { nil: '' }),
    to: fc.option(iso, { nil: '' }),
    run: fc.option(text, { nil: '' }),
    stage: fc.option(text, { nil: '' }),
    exclude: fc.uniqueArray(text, { maxLength: 10 }),
  });

  it('the filter is read from the address as it was written there', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const read = readFilter(query(filterPatch(filter)));
        expect(sameFilter(read, filter), JSON.stringify(filterPatch(read))).to.equal(true);
      }),
    );
  });

  it('an address without parameters has no filter, and values that mean nothing are ignored', () => {
    expect(sameFilter(readFilter(new URLSearchParams()), noFilter)).to.equal(true);
    const read = readFilter(new URLSearchParams('level=LOUD&from=soon&not=&q='));
    expect(isFiltered(read)).to.equal(false);
    expect(isFiltered({ ...noFilter, regex: true, marksAll: true })).to.equal(false);
    expect(isFiltered({ ...noFilter, stage: 'LOAD' })).to.equal(true);
  });

  it('a level’s switch hides and shows the level; “only” hides all others, and once more shows them', () => {
    const withoutInfo = toggleLevel(noFilter.levels, 'INFO');
    expect([...withoutInfo]).to.deep.equal(['DEBUG', 'WARN', 'ERROR', 'OTHER']);
    expect(serviceLevels({ ...noFilter, levels: withoutInfo })).to.deep.equal(['DEBUG', 'WARN', 'ERROR']);
    expect(serviceLevels(noFilter)).to.equal(undefined);
    expect(toggleLevel(withoutInfo, 'INFO').size).to.equal(5);
    const only = toggleLevel(withoutInfo, 'ERROR', true);
    expect([...only]).to.deep.equal(['ERROR']);
    expect(toggleLevel(only, 'ERROR', true).size).to.equal(5);
  });

  it('the filter keeps ten exclusions, each once', () => {
    let exclude: readonly string[] = [];
    for (let n = 0; n < 12; n += 1) exclude = excluding(exclude, ` text ${n} `);
    expect(exclude).to.have.length(10);
    expect(exclude.at(-1)).to.equal('text 11');
    expect(excluding(exclude, 'text 11')).to.equal(exclude);
    expect(excluding(exclude, '  ')).to.equal(exclude);
  });

  it('the filter selects lines by time, run and stage, and hides those with an excluded text', () => {
    const line = (message: string, second: number, more: object = {}) =>
      parseLine({
        data: logData('INFO', message, { meta: { timestamp: begin + second * 1_000, execID: '41' }, ...more }),
        receivedAt: 0,
      });
    const passes = (change: Partial<LogFilter>, ...args: Parameters<typeof line>) =>
      lineFilter({ ...noFilter, ...change })?.(line(...args));
    const at = (second: number) => new Date(begin + second * 1_000).toISOString();
    expect(lineFilter(noFilter)).to.equal(null);
    expect([5, 6, 7].map((second) => passes({ from: at(6), to: at(7) }, 'x', second))).to.deep.equal([
      false,
      true,
      false,
    ]);
    expect([passes({ run: '41' }, 'x', 0), passes({ run: '4' }, 'x', 0)]).to.deep.equal([true, false]);
    expect(passes({ stage: 'ETL_PROCESSING' }, 'x', 0)).to.equal(true);
    expect(passes({ stage: 'ETL' }, 'x', 0)).to.equal(false);
    expect(passes({ exclude: ['REJECTED', 'none'] }, 'Row 3 rejected', 0)).to.equal(false);
    expect(passes({ exclude: ['none'] }, 'Row 3 rejected', 0)).to.equal(true);
  });
});

describe('lines over time', () => {
  const aLine = (spanMs: number) =>
    fc.record({ group: fc.constantFrom(...levelGroups), time: fc.integer({ min: begin, max: begin + spanMs }) });
  const someLines = fc
    .constantFrom(5_000, 90_000, 4e6, 4e9, 4e11)
    .chain((spanMs) => fc.array(aLine(spanMs), { maxLength: 200 }));

  it('the chart counts each line in the bucket and the level that it belongs to, in at most 60 buckets', () => {
    fc.assert(
      fc.property(someLines, someLines, (stay, leave) => {
        const counter = new VolumeCounter();
        for (const line of [...stay, ...leave]) counter.add(line);
        for (const line of leave) counter.remove(line);
        const volume = counter.volume();
        const count = bucketCount(volume);
        expect(count).to.be.within(stay.length === 0 ? 0 : 1, maxBuckets);
        if (stay.length === 0) return;
        expect(volume.fromMs % volume.bucketMs).to.equal(0);
        const wanted = Object.fromEntries(levelGroups.map((group) => [group, new Array(count).fill(0)]));
        for (const { group, time } of stay) wanted[group]![Math.floor((time - volume.fromMs) / volume.bucketMs)] += 1;
        expect(volume.counts).to.deep.equal(wanted);
        for (const end of [0, count - 1]) expect(totalAt(volume, end)).to.be.greaterThan(0);
      }),
    );
  });

  it('the chart covers the given bounds, also where there are no lines', () => {
    const counter = new VolumeCounter();
    expect(counter.volume()).to.deep.equal(noVolume);
    counter.add({ group: 'ERROR', time: begin + 90_000 });
    const volume = counter.volume({ fromMs: begin, toMs: begin + 120_000 });
    expect([volume.fromMs, volume.bucketMs, bucketCount(volume)]).to.deep.equal([begin, 2_000, 60]);
    const span = spanOf(volume, 99, 45);
    expect([span, spanText(volume, span)]).to.deep.equal([{ first: 45, last: 59 }, '1 line, 1 error']);
    expect(timesOf(volume, span)).to.deep.equal({ from: begin + 90_000, to: begin + 120_000 });
    expect(spanText(volume, { first: 0, last: 44 })).to.equal('0 lines');
  });
});

describe('the text of a line', () => {
  it('the text of a line is shown without a terminal’s escape sequences, whose colours become classes', () => {
    const { text, styles } = readAnsi(
      '\u001b[2K\u001b[32mok\u001b[0m and \u001b[1;31mfailed\u001b[0m \u001b]0;title\u0007end',
    );
    expect(text).to.equal('ok and failed end');
    expect(styles).to.deep.equal([
      { from: 0, to: 2, className: 'ansi-green' },
      { from: 7, to: 13, className: 'ansi-red ansi-bold' },
    ]);
    const line = parseLine({ data: logData('INFO', '\u001b[31mred\u001b[0m'), receivedAt: 0 });
    expect(line.message).to.equal('red');
  });

  it('styles lie within the text of a line, whatever its escape sequences', () => {
    const part = fc.constantFrom('\u001b[', '31', ';', 'm', 'K', '\u001b', ']0;', '\u0007', 'text', '[', '?25l');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const { text, styles } = readAnsi(parts.join(''));
        for (const { from, to } of styles) expect(from < to && to <= text.length).to.equal(true);
      }),
    );
  });

  it('links http and https only, without the punctuation of the sentence', () => {
    const links = (text: string) => segmentsOf(text).flatMap(({ href, text: shown }) => (href ? [[shown, href]] : []));
    expect(links('see https://example.org/a?b=1, or (http://x.test).')).to.deep.equal([
      ['https://example.org/a?b=1', 'https://example.org/a?b=1'],
      ['http://x.test', 'http://x.test'],
    ]);
    expect(links('javascript://alert(1) ftp://x data:text/html,x file:///etc/passwd')).to.deep.equal([]);
  });

  it('the segments of a line are its whole text, whatever the styles and links', () => {
    const styles = fc.array(
      fc.tuple(fc.nat(40), fc.nat(20)).map(([from, length]) => ({ from, to: from + length, className: 'x' })),
    );
    const texts = fc.array(fc.constantFrom('http://a.b/c', ' ', 'word', '.')).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, styles, (text, of) => {
        expect(
          segmentsOf(text, of)
            .map((segment) => segment.text)
            .join(''),
        ).to.equal(text);
      }),
    );
  });
});

describe('rows of the list', () => {
  const model = new ListModel();
  const rows = [
    ['a', 0, '1'],
    ['b', 1, '1'],
    ['c', 86_400, '1'],
    ['d', 86_401, '2'],
    ['e', 86_402, '1'],
    ['f', 86_403, '2'],
    ['g', 86_404, '2'],
    ['h', 86_405, '3'],
    ['i', 86_406, '3'],
  ].map(([message, second, execID], place) => {
    const timestamp = begin + Number(second) * 1_000;
    return new Row(model.event(logData('INFO', String(message), { meta: { timestamp, execID } })), place);
  });
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);

  it('rows are separated where a day or a run begins, but not where the lines of two runs alternate', () => {
    const found = rows.map((_, index) => separatorsOf((by) => rows[index + by], day));
    expect(found.map(({ isNewDay, isNewRun }) => `${isNewDay ? 'day' : ''}${isNewRun ? 'run' : ''}`)).to.deep.equal([
      ...['', '', 'day', '', '', '', '', 'run', ''],
    ]);
  });

  it('rows are copied as clean text, oldest first, whichever way they were selected', () => {
    const [, from, , to] = rows;
    for (const selection of [
      { anchor: from!, head: to! },
      { anchor: to!, head: from! },
    ]) {
      expect(textOfRows(selectedRows(rows, selection)).split('\n')).to.deep.equal([
        '2026-11-23T14:00:01.000Z INFO  [ETL_PROCESSING] b (3.2s)',
        '2026-11-24T14:00:00.000Z INFO  [ETL_PROCESSING] c (3.2s)',
        '2026-11-24T14:00:01.000Z INFO  [ETL_PROCESSING] d (3.2s)',
      ]);
    }
  });
});

describe('the connection history', () => {
  it('the connection history has one period for each loss, with its reason, however many attempts followed', () => {
    const history = new ConnectionHistory();
    const lastError = { code: 'REFUSED', message: 'Not now.', reason: 'limit', at: 0 } as const;
    const states = [
      { status: 'connecting', lastError: null, upstream: null },
      { status: 'connected', lastError: null, upstream: null },
      { status: 'waiting', lastError, upstream: null },
      { status: 'connecting', lastError, upstream: null },
      { status: 'waiting', lastError, upstream: null },
      { status: 'connected', lastError, upstream: null },
      { status: 'waiting-upstream', lastError, upstream: 'lost' },
      { status: 'idle', lastError, upstream: null },
    ] as const;
    for (const [index, state] of states.entries()) history.add(state, index * 1_000);
    expect(history.periods.map(({ from, to, kind, text, why }) => [from, to, kind, text, why])).to.deep.equal([
      [0, 1_000, 'first', 'Connecting', ''],
      [1_000, 2_000, 'live', 'Connected', ''],
      [2_000, 5_000, 'lost', 'Not connected', 'too many open streams'],
      [5_000, 6_000, 'live', 'Connected', ''],
      [6_000, 7_000, 'upstream', 'Log service lost, reconnecting', ''],
      [7_000, null, 'off', 'Disconnected', ''],
    ]);
  });
});
