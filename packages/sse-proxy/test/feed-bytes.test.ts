import { expect } from 'chai';
import fc from 'fast-check';
import { clock } from './support/clock.ts';
import { settle } from './support/registry.ts';
import { feedWith } from './support/scripted.ts';

const soon = { minDelayMs: 1, maxDelayMs: 1 };

/** On a clock that the tests turn. */
describe('what a feed hands on over a resume', () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  /** The connections one after the other; each is broken, but for the last. Gives what the feed handed on. */
  async function over(...connections: string[][]) {
    const it = feedWith(soon);
    for (const [n, chunks] of connections.entries()) {
      if (n === 0) await it.open();
      else {
        it.break();
        await it.reopen(1);
      }
      for (const chunk of chunks) it.send(chunk);
    }
    return it;
  }
  const cursors = (it: Awaited<ReturnType<typeof over>>) =>
    it.upstream.requests.map(({ headers }) => headers[headers.indexOf('last-event-id') + 1]);

  it('strips a byte order mark at the start of each connection, whole or in pieces, and nowhere else', async () => {
    const bom = '\xef\xbb\xbf';
    const first = [`${bom}id: 1\ndata: ${bom}\n\n`];
    const second = [`${bom}id: 2\ndata: 2\n\n`, `${bom}id: x\n\n`];
    const it = await over(first, second, ['\xef', '\xbb', '\xbfid: 3\ndata: 3\n\n']);
    expect(it.text()).to.equal(`id: 1\ndata: ${bom}\n\nid: 2\ndata: 2\n\n${bom}id: x\n\nid: 3\ndata: 3\n\n`);
    expect(cursors(it)).to.deep.equal([undefined, '1', '2']);
  });

  it('takes a CR at the cut for the end of its line: the LF of the next connection is no event’s', async () => {
    const it = await over(['id: 1\ndata: 1\r\r'], ['\nid: 2\ndata: 2\n\n']);
    expect(it.text()).to.equal('id: 1\ndata: 1\r\r\nid: 2\ndata: 2\n\n');
    expect(it.events).to.deep.equal([true, false, true]);
    const half = await over(['id: 1\ndata: 1\n\n', 'data: lost\r'], ['\n', 'id: 2\ndata: 2\n\n']);
    expect(half.text()).to.equal('id: 1\ndata: 1\n\n\nid: 2\ndata: 2\n\n');
    expect(half.events).to.deep.equal([true, false, true]);
  });

  it('never joins what was cut off with what comes next', async () => {
    const first = 'id: 1\ndata: 1\n\n';
    for (const cutOff of [
      'da',
      'data',
      'data:',
      'data: lost',
      'data: lost\n',
      'id: 9\n',
      'id: 9\ndata: lost\n',
      ':',
      '\xef\xbb',
    ]) {
      const it = await over([first, cutOff], ['data: next\n\n', 'id: 2\ndata: 2\n\n']);
      expect(it.text(), JSON.stringify(cutOff)).to.equal(`${first}data: next\n\nid: 2\ndata: 2\n\n`);
      expect(cursors(it)).to.deep.equal([undefined, '1']);
    }
  });

  it('resumes from the last whole frame with an id, even one without data', async () => {
    const it = await over(['id: 1\ndata: 1\n\nid: 2\n\n', 'id: 3\ndata: lost'], []);
    expect(cursors(it)).to.deep.equal([undefined, '2']);
    expect(it.gaps).to.deep.equal([]);
  });

  it('starts from the browser’s id, and resumes from it while nothing else came', async () => {
    const it = feedWith(soon, { cursor: 'caf\xc3\xa9' });
    await it.open();
    it.send(': comment\n\nretry: 5\n\n');
    it.break();
    await it.reopen(2);
    expect(cursors(it)).to.deep.equal(['caf\xc3\xa9', 'caf\xc3\xa9']);
    expect(it.gaps).to.deep.equal([]);
  });

  it('sends an id back as the bytes that it was, whatever they are', async () => {
    const it = await over(['id: \xe2\x82\xac\xff\ndata: 1\n\n'], []);
    expect(cursors(it)[1]).to.equal('\xe2\x82\xac\xff');
  });

  it('forgets its cursor with an empty id: it asks for nothing, and says gap', async () => {
    const it = await over(['id: 1\ndata: 1\n\nid\ndata: 2\n\n'], ['data: 3\n\n']);
    expect(it.upstream.requests[1]?.headers).to.not.include('last-event-id');
    expect(it.text()).to.equal('id: 1\ndata: 1\n\nid\ndata: 2\n\n(no-ids)data: 3\n\n');
  });

  it('keeps its cursor where an id holds NUL', async () => {
    const it = await over(['id: 1\ndata: 1\n\nid: 2\0\nid: 3\0\n\n'], []);
    expect(cursors(it)[1]).to.equal('1');
  });

  for (const id of ['a\x01b', 'tab\x7f']) {
    it(`does not send back ${JSON.stringify(id)}, and says gap`, async () => {
      const it = await over([`id: ${id}\ndata: 1\n\n`], ['id: 2\ndata: 2\n\n'], []);
      expect(it.upstream.requests[1]?.headers).to.not.include('last-event-id');
      expect(it.text()).to.equal(`id: ${id}\ndata: 1\n\n(unusable-id)id: 2\ndata: 2\n\n`);
      expect(cursors(it)[2], 'from then on it can').to.equal('2');
    });
  }

  it('says gap where there are no ids, each time, with the times of the outage', async () => {
    const before = Date.now();
    const it = await over(['data: 1\n\n'], ['data: 2\n\n'], ['data: 3\n\n']);
    expect(it.text()).to.equal('data: 1\n\n(no-ids)data: 2\n\n(no-ids)data: 3\n\n');
    for (const { from, to } of it.gaps) {
      expect(from).to.be.within(before, to);
      expect(to).to.be.within(from, Date.now());
    }
  });

  it('says gap before the first of what it had taken for repeats', async () => {
    const old = 'id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n';
    const it = await over([old], ['id: 1\ndata: a\n\nid: 2\ndata: new\n\n: c\n\nid: 3\ndata: d\n\n']);
    expect(it.text()).to.equal(`${old}(ids-restarted)id: 1\ndata: a\n\nid: 2\ndata: new\n\n: c\n\nid: 3\ndata: d\n\n`);
    expect(it.gaps).to.have.length(1);
  });

  it('knows a repeat by its lines, whatever chunks their ends come in', async () => {
    const [one, two] = ['id: 1\r\ndata: 1\r\n\r\n', 'id: 2\r\ndata: 2\r\n\r\n'];
    for (const first of [[one + two], [one, two.slice(0, -1)], [one, two.slice(0, -1), '\n']]) {
      for (const again of [[one + two], [one.slice(0, -1), `\n${two}`], [...(one + two)]]) {
        const it = await over(first, [...again, 'id: 3\ndata: 3\n\n']);
        expect(it.text().match(/data: ./g), JSON.stringify([first, again])).to.deep.equal([
          'data: 1',
          'data: 2',
          'data: 3',
        ]);
        expect(it.gaps).to.deep.equal([]);
      }
    }
  });

  it('passes comments while it looks out for repeats', async () => {
    const it = await over(['id: 1\ndata: 1\n\n'], [':\n', 'id: 1\ndata: 1\n\n', ':\n']);
    expect(it.text()).to.equal('id: 1\ndata: 1\n\n:\n:\n');
  });

  it('remembers nothing where it is not to resume, and is over as the connection was', async () => {
    for (const how of ['end', 'break'] as const) {
      const it = feedWith(false);
      await it.open();
      it.send('id: 1\ndata: 1\n\n');
      it[how]();
      const [reason, error] = it.overs[0] ?? [];
      expect([reason, error?.code]).to.deep.equal(
        how === 'end' ? ['upstream-ended', undefined] : ['upstream-broken', 'ERR_SSE_UPSTREAM_BROKEN'],
      );
      clock.tick(1e9);
      await settle();
      expect(it.upstream.requests).to.have.length(1);
    }
  });

  it('is over with an event that is too large: it would come again. What was whole before it went on', async () => {
    const it = feedWith(soon, { maxEventBytes: 20 });
    await it.open();
    it.send(`id: 1\ndata: 1\n\ndata: ${'x'.repeat(30)}`);
    expect(it.text()).to.equal('id: 1\ndata: 1\n\n');
    expect([it.chunks(), it.overs[0]?.[0], it.overs[0]?.[1]?.code]).to.deep.equal([
      1,
      'event-too-large',
      'ERR_SSE_EVENT_TOO_LARGE',
    ]);
    expect(it.upstream.live()).to.equal(0);
  });

  it('loses and doubles nothing, wherever a stream with ids is cut, however often, however much comes again', async () => {
    const endings = fc.constantFrom('\n', '\r\n', '\r');
    const stream = fc.array(
      fc.record({ lines: fc.integer({ min: 1, max: 3 }), ending: endings, comment: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    const cuts = fc.array(fc.record({ at: fc.nat(200), slice: fc.integer({ min: 1, max: 30 }), again: fc.nat(4) }), {
      maxLength: 8,
    });
    const property = fc.asyncProperty(stream, cuts, async (events, breaks) => {
      const texts = events.map(({ lines, ending, comment }, n) => {
        const data = Array.from({ length: lines }, (_, line) => `data: ${n} ${line}${ending}`).join('');
        return `${comment ? `: c${ending}` : ''}id: ${n + 1}${ending}${data}${ending}`;
      });
      const it = feedWith(soon);
      await it.open();
      const send = (bytes: string, slice: number) => {
        for (let at = 0; at < bytes.length; at += slice) it.send(bytes.slice(at, at + slice));
      };
      let resumeFrom = 0;
      for (const { at, slice, again } of breaks) {
        send(texts.slice(resumeFrom).join('').slice(0, at), slice);
        it.break();
        await it.reopen(1);
        const cursor = Number(cursors(it).at(-1) ?? 0);
        resumeFrom = Math.max(0, cursor - again);
      }
      send(texts.slice(resumeFrom).join(''), 7);
      const got = [...it.text().matchAll(/id: (\d+)/g)].map(([, id]) => Number(id));
      expect(got).to.deep.equal(texts.map((_, n) => n + 1));
      expect(it.gaps.every(({ reason }) => reason === 'no-ids')).to.equal(true);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});
