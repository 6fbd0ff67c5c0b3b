import { expect } from 'chai';
import fc from 'fast-check';
import { fileName } from '../web/src/log-file.ts';
import { retryDelayMs } from '../web/src/retry.ts';
import { announcement } from '../web/src/stream/logic/announce.ts';
import { ageText, connectionText } from '../web/src/stream/logic/connection.ts';
import { formatRow, formatRows } from '../web/src/stream/logic/download.ts';
import { followNewest, pause, pauseText, UnreadCounter, unreadText } from '../web/src/stream/logic/follow.ts';
import { hitText, nextHit, nextRow } from '../web/src/stream/logic/hits.ts';
import { parseLine, partOffset, searchText } from '../web/src/stream/logic/line.ts';
import { findMarks, markedPieces } from '../web/src/stream/logic/marks.ts';
import { marksOf, matchTexts } from '../web/src/stream/logic/match-texts.ts';
import { Notices } from '../web/src/stream/logic/notices.ts';
import { Row } from '../web/src/stream/logic/row.ts';
import { compile } from '../web/src/stream/logic/search.ts';
import { ListModel, logData } from './support/entries.ts';

const lost = { code: 'NETWORK', message: 'The connection broke.', at: 0 } as const;
const state = { attempt: 0, retryAt: null, lastError: null, upstream: null, since: null };

describe('parseLine', () => {
  it('parseLine reads the parts of a log document, with the time of the log', () => {
    expect(parseLine({ data: logData('WARN', 'Rejected 3 rows'), receivedAt: 5 })).to.include({
      label: 'WARN',
      group: 'WARN',
      message: 'Rejected 3 rows',
      stage: 'ETL_PROCESSING',
      duration: '3.2s',
      time: Date.UTC(2026, 10, 23, 14, 2, 10),
      structured: true,
    });
  });

  it('parseLine never throws, and returns a time that Date accepts', () => {
    const documents = fc.record(
      { message: fc.anything(), logLevel: fc.anything(), meta: fc.anything(), isoTime: fc.anything() },
      { requiredKeys: [] },
    );
    const data = fc.oneof(
      fc.string(),
      fc.json(),
      documents.map((document) => String(JSON.stringify(document))),
    );
    fc.assert(
      fc.property(data, (text) => {
        const line = parseLine({ data: text, receivedAt: 5 });
        expect(line.message).to.be.a('string');
        expect(() => new Date(line.time).toISOString()).not.to.throw();
      }),
    );
    expect(parseLine({ data: logData('INFO', 'x', { meta: { timestamp: 1e300 } }), receivedAt: 5 }).time).to.equal(5);
  });

  it('parseLine returns other data as an unstructured line without a level', () => {
    for (const data of ['disk full', '{"half', '{"a":1}', '', '[1]', 'null']) {
      expect(parseLine({ data, receivedAt: 5 })).to.include({
        label: '',
        group: null,
        message: data,
        time: 5,
        structured: false,
      });
    }
  });
});

describe('levels', () => {
  for (const [level, label, group] of [
    ['error', 'ERROR', 'ERROR'],
    ['Warning', 'WARNING', 'WARN'],
    ['FATAL', 'FATAL', 'ERROR'],
    ['critical', 'CRITICAL', 'ERROR'],
    [' info ', 'INFO', 'INFO'],
    ['NOTICE', 'NOTICE', 'OTHER'],
    ['constructor', 'CONSTRUCTOR', 'OTHER'],
    [30, '30', 'OTHER'],
    ['', '', null],
    [null, '', null],
    [{}, '', null],
  ] as const) {
    it(`puts a line of the level ${JSON.stringify(level)} into the group ${group}, with the label "${label}"`, () => {
      const data = JSON.stringify({ message: 'x', logLevel: level });
      expect(parseLine({ data, receivedAt: 0 })).to.include({ label: label.slice(0, 12), group });
    });
  }
});

describe('the search', () => {
  it('the search finds plain text that would have a meaning in a regular expression', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (text, before, after) => {
        const { pattern } = compile({ text, regex: false });
        expect(findMarks(pattern!, before + text + after)).not.to.equal(null);
      }),
    );
  });

  it('the search splits a text into pieces that together are the text, whatever part of it is shown', () => {
    const patterns = fc.constantFrom('a', 'a*', '^', '$', '.', 'a|b', '(?=a)', '[^a]+', '\\b');
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '😀'), maxLength: 80 });
    fc.assert(
      fc.property(patterns, texts, fc.nat(80), fc.nat(80), (text, line, from, length) => {
        const marks = findMarks(compile({ text, regex: true }).pattern!, line) ?? [];
        const part = line.slice(from, from + length);
        const pieces = markedPieces(part, marks, from);
        expect(pieces.map((piece) => piece.text).join('')).to.equal(part);
        for (const { isMarked, text: marked } of pieces) if (isMarked) expect(line).to.contain(marked);
      }),
    );
  });

  it('the search marks each part of a line where the search text matches', () => {
    const data = logData('INFO', '3 rows', { description: 'Rows of a row' });
    const line = parseLine({ data, receivedAt: 0 });
    const matches = matchTexts(compile({ text: 'ROW', regex: false }).pattern!, ['none', searchText(line)]);
    expect([...matches.hits]).to.deep.equal([0, 1]);
    const marks = marksOf(matches, 1);
    const marked = (part: 'message' | 'stage' | 'description') =>
      markedPieces(line[part], marks, partOffset(line, part)).map(({ text, isMarked }) =>
        isMarked ? `[${text}]` : text,
      );
    expect(marked('message')).to.deep.equal(['3 ', '[row]', 's']);
    expect(marked('stage')).to.deep.equal(['ETL_PROCESSING']);
    expect(marked('description')).to.deep.equal(['[Row]', 's of a ', '[row]']);
  });

  it('the search limits the number of marks in a line', () => {
    expect(findMarks(/./g, 'x'.repeat(10_000))).to.have.length(100);
  });

  it('the search reports an invalid pattern in a sentence, and no problem for an empty query', () => {
    expect(compile({ text: '(rows', regex: true }).problem).to.equal('Not a valid pattern: unterminated group.');
    expect(compile({ text: '', regex: true })).to.deep.equal({ pattern: null, problem: null });
  });

  it('the search goes to the next hit in both directions, and around the ends', () => {
    const model = new ListModel();
    const rows = [1, 2, 3, 4, 5].map((place) => new Row(model.event('x'), place));
    const hits = [rows[0]!, rows[2]!, rows[4]!];
    expect(nextHit(hits, null, true)).to.equal(rows[4]);
    expect(nextHit(hits, rows[4]!, true)).to.equal(rows[2]);
    expect(nextHit(hits, rows[0]!, true)).to.equal(rows[4]);
    expect(nextHit(hits, rows[0]!, false)).to.equal(rows[2]);
    expect(nextHit(hits, rows[4]!, false)).to.equal(rows[0]);
    expect(nextHit(hits, rows[3]!, true)).to.equal(rows[2]);
    expect(nextHit(hits, rows[3]!, false)).to.equal(rows[4]);
    expect(nextHit([], null, true)).to.equal(null);
    expect([hitText(hits, rows[4]!, true), hitText(hits, rows[4]!, false)]).to.deep.equal(['1 of 3', '3 of 3']);
    expect(hitText(hits, rows[1]!, true)).to.equal('3 found');
    expect(hitText([], null, true)).to.equal('None found');
  });
});

describe('nextRow', () => {
  it('nextRow finds what nextHit finds among the rows that fulfil the condition, from any row and without one', () => {
    const model = new ListModel();
    const marked = fc.array(fc.boolean(), { maxLength: 12 });
    fc.assert(
      fc.property(marked, fc.option(fc.nat(12)), fc.boolean(), (flags, at, isOlder) => {
        const all = flags.map((_, place) => new Row(model.event('x'), place));
        // Every third row is filtered out, but may be where the search begins.
        const rows = all.filter(({ place }) => place % 3 !== 2);
        const from = at === null ? null : (all[at] ?? null);
        const is = ({ place }: Row) => flags[place]!;
        expect(nextRow(rows, is, from, isOlder)).to.equal(nextHit(rows.filter(is), from, isOlder));
      }),
    );
  });
});

describe('a paused list', () => {
  const row = (data: string, place: number) => new Row(model.event(data), place);
  const view = (rows: Row[], pass = 1) => {
    const lines = rows.filter(({ line }) => line !== null);
    return {
      rows,
      pass,
      shown: { lines: lines.length, errors: lines.filter(({ line }) => line?.label === 'ERROR').length },
    };
  };
  const model = new ListModel();

  it('a paused list counts the lines that arrived since the pause, also after their places changed', () => {
    const rows = [row('a', 0), row('b', 1)];
    const paused = pause(followNewest, rows);
    const counter = new UnreadCounter();
    expect(counter.count(paused, view(rows))).to.deep.equal({ lines: 0, errors: 0 });
    rows.push(row(logData('ERROR', 'x'), 2), row(logData('INFO', 'y'), 3), new Row(model.gap(), 4));
    expect(counter.count(paused, view(rows))).to.deep.equal({ lines: 2, errors: 1 });
    rows.push(row(logData('ERROR', 'z'), 5));
    expect(counter.count(paused, view(rows))).to.deep.equal({ lines: 3, errors: 2 });
    for (const each of rows) each.place += 100;
    expect(counter.count(paused, view(rows, 2))).to.deep.equal({ lines: 3, errors: 2 });
    expect(counter.count(followNewest, view(rows, 2))).to.deep.equal({ lines: 0, errors: 0 });
    expect(pause(paused, rows)).to.equal(paused);
  });

  it('a paused list counts again after another filter or another pause', () => {
    const rows = [row('a', 0), row(logData('ERROR', 'x'), 1), row('b', 2)];
    const paused = pause(followNewest, rows.slice(0, 1));
    const counter = new UnreadCounter();
    expect(counter.count(paused, view(rows))).to.deep.equal({ lines: 2, errors: 1 });
    expect(counter.count(paused, view([rows[0]!, rows[2]!], 2))).to.deep.equal({ lines: 1, errors: 0 });
    const later = pause(followNewest, rows.slice(0, 2));
    expect(counter.count(later, view([...rows, row('c', 3)], 2))).to.deep.equal({ lines: 2, errors: 0 });
  });

  it('a paused list counts no line that the full list has dropped since', () => {
    const rows = [row('a', 0), row(logData('ERROR', 'x'), 1), row('b', 2)];
    const counter = new UnreadCounter();
    const paused = pause(followNewest, rows.slice(0, 1));
    expect(counter.count(paused, view(rows))).to.deep.equal({ lines: 2, errors: 1 });
    expect(counter.count(paused, view([rows[2]!, row('c', 3)]))).to.deep.equal({ lines: 2, errors: 0 });
  });

  it('a paused list counts all lines if it was empty at the pause', () => {
    const paused = pause(followNewest, []);
    expect(new UnreadCounter().count(paused, view([row('a', 7)]))).to.deep.equal({ lines: 1, errors: 0 });
  });

  it('a paused list keeps its newest row, and its reason unless that was only a position', () => {
    const rows = [row('a', 0)];
    const scrolled = pause(followNewest, rows);
    expect(pauseText(scrolled)).to.equal('Paused because you scrolled or went to a line');
    const opened = pause(scrolled, [...rows, row('b', 1)], 'opened');
    expect(opened).to.deep.equal({ following: false, newest: rows[0], why: 'opened' });
    expect(pause(opened, rows)).to.equal(opened);
    expect(pauseText(opened)).to.equal('Paused because you opened a line');
    const stopped = pause(followNewest, rows, 'button');
    expect(pause(stopped, rows, 'opened')).to.equal(stopped);
    expect([pauseText(followNewest), pauseText(stopped)]).to.deep.equal(['', '']);
  });

  it('the unread lines and errors are shown in words', () => {
    expect(unreadText({ lines: 23, errors: 2 })).to.equal('23 new, 2 errors');
    expect(unreadText({ lines: 1_234, errors: 1 })).to.equal('1,234 new, 1 error');
    expect(unreadText({ lines: 1, errors: 0 })).to.equal('1 new');
  });
});

describe('connectionText', () => {
  it('connectionText shows the reason of a loss and the time until the next attempt', () => {
    const text = connectionText({ ...state, status: 'waiting', attempt: 3, retryAt: 13_100, lastError: lost }, 10_000);
    expect(text).to.deep.equal({
      tone: 'warning',
      text: 'Connection lost (the server can’t be reached)',
      countdown: 'Reconnecting in 4 s',
    });
  });

  for (const [reason, text] of [
    ['limit', 'No live lines for now (too many open streams)'],
    ['something-new', 'No live lines for now (something-new)'],
    ['constructor', 'No live lines for now (constructor)'],
    ['__proto__', 'No live lines for now (__proto__)'],
  ] as const) {
    it(`shows a refusal with the reason "${reason}" as "${text}"`, () => {
      const lastError = { code: 'REFUSED', message: 'Not now.', reason, at: 0 } as const;
      expect(connectionText({ ...state, status: 'refused', lastError }, 0).text).to.equal(text);
    });
  }

  it('connectionText counts down to "a moment", never below', () => {
    const waiting = { ...state, status: 'waiting', attempt: 1, retryAt: 5 } as const;
    expect(connectionText({ ...waiting, retryAt: 479_010 }, 10).countdown).to.equal(
      'Reconnecting in 7 min 59 s (the server asked for it)',
    );
    expect(connectionText(waiting, 10).countdown).to.equal('Reconnecting in a moment');
  });

  it('connectionText shows "Live" only while the proxy has a log service to read from [R43]', () => {
    expect(connectionText({ ...state, status: 'connected' }, 0)).to.include({ tone: 'success', text: 'Live' });
    for (const upstream of ['connecting', 'lost', 'silent'] as const) {
      const text = connectionText({ ...state, status: 'waiting-upstream', upstream, since: 1_000 }, 171_000);
      expect(text).to.include({ tone: 'warning', countdown: 'for 2 min 50 s' });
      expect(text.text)
        .to.match(/log service/i)
        .and.not.match(/live/i);
    }
  });

  it('connectionText shows the age of the last line once it is not recent any more', () => {
    expect(ageText(0, 9_999)).to.equal('');
    expect(ageText(0, 40_999)).to.equal('nothing for 40 s');
    expect(ageText(0, 120_000)).to.equal('nothing for 2 min');
    expect(ageText(0, 7_260_000)).to.equal('nothing for 2 h 1 min');
    expect(ageText(0, 400 * 86_400_000)).to.equal('nothing for 400 days');
    expect(ageText(5_000, 0)).to.equal('');
  });
});

describe('retryDelayMs', () => {
  it('retryDelayMs grows to 10 s with full jitter, and is never shorter than the Retry-After', () => {
    expect([0, 1, 2, 3, 4, 60].map((retry) => retryDelayMs(retry, 0, () => 1))).to.deep.equal([
      1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
    expect(retryDelayMs(5, 0, () => 0)).to.equal(0);
    expect(retryDelayMs(0, 60_000, () => 0)).to.equal(60_000);
    expect(retryDelayMs(0, 60_000, () => 1)).to.equal(75_000);
  });
});

describe('Notices', () => {
  const at = (status: Parameters<Notices['next']>[0]['status'], gaps = 0, lastError: typeof lost | null = null) => ({
    status,
    counts: { gaps },
    lastError,
  });
  const titles = (notices: Notices, ...states: ReturnType<typeof at>[]) =>
    states.flatMap((each) => notices.next(each).map(({ title }) => title));

  it('no notice is returned when the page connects for the first time', () => {
    expect(titles(new Notices(at('idle')), at('connecting'), at('connected'))).to.deep.equal([]);
  });

  it('a notice reports the connection after the Connect button', () => {
    const notices = new Notices(at('idle'));
    notices.expect();
    expect(titles(notices, at('connecting'), at('connected'), at('connected'))).to.deep.equal(['Connected']);
  });

  it('notices report an outage once, however many attempts it takes, and its end', () => {
    const outage = [at('waiting', 0, lost), at('connecting'), at('waiting', 0, lost), at('connecting')];
    expect(titles(new Notices(at('connected')), ...outage, at('connected'))).to.deep.equal([
      'Connection lost',
      'Connected again',
    ]);
  });

  it('notices report a refusal, a gap and the end of the stream once each', () => {
    expect(titles(new Notices(at('connected')), at('refused'), at('refused'))).to.deep.equal(['No live lines for now']);
    expect(titles(new Notices(at('connected')), at('connected', 1), at('connected', 1))).to.deep.equal([
      'Lines may be missing',
    ]);
    expect(titles(new Notices(at('connected', 1)), at('connected', 0), at('connected', 0))).to.deep.equal([]);
    expect(titles(new Notices(at('connected')), at('closed'), at('closed'))).to.deep.equal([
      'The server ended the stream',
    ]);
  });
});

describe('announcement', () => {
  it('the announcement summarises the new lines, and is empty without new lines', () => {
    expect(announcement({ lines: 3, errors: 0 }, { lines: 15, errors: 1 })).to.equal('12 new lines, 1 error');
    expect(announcement({ lines: 3, errors: 0 }, { lines: 4, errors: 0 })).to.equal('1 new line');
    expect(announcement({ lines: 3, errors: 1 }, { lines: 3, errors: 1 })).to.equal('');
  });
});

describe('a download', () => {
  const model = new ListModel();
  const rows = [
    new Row(model.event(logData('WARN', 'two\nlines', { description: 'why' })), 0),
    new Row(model.event('plain'), 1),
    new Row(model.gap(), 2),
  ];

  it('a download has one text line per row, with times in UTC', () => {
    expect(rows.map((row) => formatRow(row, 'text'))).to.deep.equal([
      '2026-11-23T14:02:10.000Z WARN  [ETL_PROCESSING] two\nlines — why (3.2s)',
      '1970-01-01T00:00:01.000Z -     plain',
      '# connection lost 1970-01-01T00:00:01.000Z to 1970-01-01T00:00:02.000Z, lines may be missing: some logs have no ids',
    ]);
  });

  it('a download has one JSON document per line as NDJSON', () => {
    const text = [...formatRows(rows, 'ndjson')].join('');
    const documents = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(documents).to.have.length(3);
    expect(documents[0]).to.deep.equal(JSON.parse(logData('WARN', 'two\nlines', { description: 'why' })));
    expect(documents[1]).to.deep.equal({ text: 'plain' });
    expect(documents[2]).to.have.nested.property('gap.reason', 'no-ids');
  });

  it('a download is made in pieces that together have every row', () => {
    const many = Array.from({ length: 12_345 }, (_, place) => new Row(model.event(`line ${place}`), place));
    const pieces = [...formatRows(many, 'text')];
    expect(pieces.length).to.be.greaterThan(1);
    expect(pieces.join('').trimEnd().split('\n')).to.have.length(12_345);
  });

  it('a download has a file name without characters that file systems refuse', () => {
    expect(fileName('ndjson', Date.UTC(2026, 10, 23, 14, 2, 10))).to.equal('logs-2026-11-23T14-02-10Z.ndjson');
  });
});
