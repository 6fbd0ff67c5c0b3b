import { expect } from 'chai';
import fc from 'fast-check';
import { announcement } from '../web/src/stream/logic/announce.ts';
import { connectionText } from '../web/src/stream/logic/connection.ts';
import { fileName, formatRow, formatRows } from '../web/src/stream/logic/download.ts';
import { followNewest, pause, unread, unreadText } from '../web/src/stream/logic/follow.ts';
import { hitText, nextHit } from '../web/src/stream/logic/hits.ts';
import { parseLine } from '../web/src/stream/logic/line.ts';
import { hitVerdict, matchTexts, missVerdict, slowVerdict } from '../web/src/stream/logic/match-texts.ts';
import { Notices } from '../web/src/stream/logic/notices.ts';
import { Row } from '../web/src/stream/logic/row.ts';
import { compile, highlight } from '../web/src/stream/logic/search.ts';
import { ListModel, logData } from './support/entries.ts';

const lost = { code: 'NETWORK', message: 'The connection broke.', at: 0 } as const;
const state = { attempt: 0, retryAt: null, lastError: null };

describe('a line of the stream', () => {
  it('is a log document, with its own time', () => {
    expect(parseLine({ data: logData('WARN', 'Rejected 3 rows'), receivedAt: 5 })).to.include({
      level: 'WARN',
      message: 'Rejected 3 rows',
      stage: 'ETL_PROCESSING',
      duration: '3.2s',
      time: Date.UTC(2026, 10, 23, 14, 2, 10),
      structured: true,
    });
  });

  it('never fails, whatever the data are, and has a time that can be written', () => {
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

  it('is plain text where it is no log document', () => {
    for (const data of ['disk full', '{"half', '{"a":1}', '', '[1]', 'null']) {
      expect(parseLine({ data, receivedAt: 5 })).to.include({ level: null, message: data, time: 5, structured: false });
    }
  });
});

describe('the search', () => {
  it('finds text as it was typed, whatever it would mean as a pattern', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (text, before, after) => {
        const { pattern } = compile({ text, regex: false });
        expect(matchTexts(pattern!, [before + text + after])[0]).not.to.equal(missVerdict);
      }),
    );
  });

  it('marks pieces that together are the text', () => {
    const patterns = fc.constantFrom('a', 'a*', '^', '$', '.', 'a|b', '(?=a)', '[^a]+', '\\b');
    fc.assert(
      fc.property(patterns, fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '😀') }), (text, line) => {
        const pieces = highlight(compile({ text, regex: true }).pattern, line);
        expect(pieces.map((piece) => piece.text).join('')).to.equal(line);
      }),
    );
    expect(highlight(compile({ text: 'ROW', regex: false }).pattern, '3 rows')).to.deep.equal([
      { text: '3 ', found: false },
      { text: 'row', found: true },
      { text: 's', found: false },
    ]);
  });

  it('says in a sentence what is wrong with a pattern', () => {
    expect(compile({ text: '(rows', regex: true }).problem).to.equal('This is no valid pattern: unterminated group.');
    expect(compile({ text: '', regex: true })).to.deep.equal({ pattern: null, problem: null });
  });

  it('tells lines that take long to mark from others', () => {
    let time = 0;
    const pattern = compile({ text: 'row', regex: true }).pattern!;
    expect([...matchTexts(pattern, ['row', 'none'], () => (time += 1))]).to.deep.equal([hitVerdict, missVerdict]);
    expect([...matchTexts(pattern, ['row'], () => (time += 50))]).to.deep.equal([slowVerdict]);
  });

  it('goes to the next one down and up, and around the ends', () => {
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
    expect(hitText(hits, rows[4]!)).to.equal('1 of 3');
    expect(hitText(hits, rows[1]!)).to.equal('3 found');
    expect(hitText([], null)).to.equal('None found');
  });
});

describe('following', () => {
  it('counts what came since it paused, also after the list was numbered anew', () => {
    const model = new ListModel();
    const row = (data: string, place: number) => new Row(model.event(data), place);
    const rows = [row('a', 0), row('b', 1)];
    const paused = pause(followNewest, rows);
    rows.push(row(logData('ERROR', 'x'), 2), row(logData('INFO', 'y'), 3), new Row(model.gap(), 4));
    expect(unread(paused, rows)).to.deep.equal({ lines: 2, errors: 1 });
    for (const each of rows) each.place += 100;
    expect(unread(paused, rows)).to.deep.equal({ lines: 2, errors: 1 });
    expect(unread(followNewest, rows)).to.deep.equal({ lines: 0, errors: 0 });
    expect(pause(paused, rows)).to.equal(paused);
  });

  it('counts from nothing where nothing was shown', () => {
    expect(unread(pause(followNewest, []), [new Row(new ListModel().event('a'), 7)])).to.deep.equal({
      lines: 1,
      errors: 0,
    });
  });

  it('says it in a few words', () => {
    expect(unreadText({ lines: 23, errors: 2 })).to.equal('23 new, 2 errors');
    expect(unreadText({ lines: 1_234, errors: 1 })).to.equal('1,234 new, 1 error');
    expect(unreadText({ lines: 1, errors: 0 })).to.equal('1 new');
  });
});

describe('the connection in words', () => {
  it('says why it was lost, and when it comes back', () => {
    const text = connectionText({ status: 'waiting', attempt: 3, retryAt: 13_100, lastError: lost }, 10_000);
    expect(text).to.deep.equal({
      tone: 'warning',
      text: 'Connection lost (network)',
      countdown: 'Retry 3 in 4 s',
    });
  });

  it('says the reason of a refusal in words', () => {
    const refused = { code: 'REFUSED', message: 'Not now.', reason: 'limit', at: 0 } as const;
    expect(connectionText({ ...state, status: 'refused', lastError: refused }, 0).text).to.equal(
      'Not now (too many open streams)',
    );
  });

  it('counts down to a moment, never below', () => {
    expect(connectionText({ ...state, status: 'waiting', attempt: 1, retryAt: 5 }, 10).countdown).to.equal(
      'Retry 1 in a moment',
    );
  });
});

describe('the notices', () => {
  const at = (status: Parameters<Notices['next']>[0]['status'], gaps = 0, lastError: typeof lost | null = null) => ({
    status,
    counts: { gaps },
    lastError,
  });
  const titles = (notices: Notices, ...states: ReturnType<typeof at>[]) =>
    states.flatMap((each) => notices.next(each).map(({ title }) => title));

  it('are silent while the page connects for the first time', () => {
    expect(titles(new Notices(at('idle')), at('connecting'), at('connected'))).to.deep.equal([]);
  });

  it('answer somebody who pressed Connect', () => {
    const notices = new Notices(at('idle'));
    notices.expect();
    expect(titles(notices, at('connecting'), at('connected'), at('connected'))).to.deep.equal(['Connected']);
  });

  it('tell an outage once, however many attempts it takes, and its end', () => {
    const outage = [at('waiting', 0, lost), at('connecting'), at('waiting', 0, lost), at('connecting')];
    expect(titles(new Notices(at('connected')), ...outage, at('connected'))).to.deep.equal([
      'Connection lost',
      'Connected again',
    ]);
  });

  it('tell a refusal, a gap and the end, each once', () => {
    expect(titles(new Notices(at('connected')), at('refused'), at('refused'))).to.deep.equal([
      'The server says: not now',
    ]);
    expect(titles(new Notices(at('connected')), at('connected', 1), at('connected', 1))).to.deep.equal([
      'Lines may be missing',
    ]);
    expect(titles(new Notices(at('connected', 1)), at('connected', 0), at('connected', 0))).to.deep.equal([]);
    expect(titles(new Notices(at('connected')), at('closed'), at('closed'))).to.deep.equal([
      'The stream ended for good',
    ]);
  });
});

describe('what a screen reader is told', () => {
  it('is a summary, and nothing when nothing came', () => {
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

  it('as text has a line for each row, with times in UTC', () => {
    expect(rows.map((row) => formatRow(row, 'text'))).to.deep.equal([
      '2026-11-23T14:02:10.000Z WARN  [ETL_PROCESSING] two\nlines — why (3.2s)',
      '1970-01-01T00:00:01.000Z -     plain',
      '# connection lost 1970-01-01T00:00:01.000Z to 1970-01-01T00:00:02.000Z, lines may be missing: the logs came without numbers',
    ]);
  });

  it('as NDJSON is one JSON document a line', () => {
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

  it('comes in pieces that lose nothing', () => {
    const many = Array.from({ length: 12_345 }, (_, place) => new Row(model.event(`line ${place}`), place));
    const pieces = [...formatRows(many, 'text')];
    expect(pieces.length).to.be.greaterThan(1);
    expect(pieces.join('').trimEnd().split('\n')).to.have.length(12_345);
  });

  it('has a name that every file system takes', () => {
    expect(fileName('ndjson', Date.UTC(2026, 10, 23, 14, 2, 10))).to.equal('logs-2026-11-23T14-02-10Z.ndjson');
  });
});
