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

  /** Sends the chunks of each connection, and breaks all connections but the last. Returns the feed, which records. */
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

  it('a CR at a cut ends its line: an LF at the start of the next connection belongs to no event', async () => {
    const it = await over(['id: 1\ndata: 1\r\r'], ['\nid: 2\ndata: 2\n\n']);
    expect(it.text()).to.equal('id: 1\ndata: 1\r\r\nid: 2\ndata: 2\n\n');
    expect(it.events).to.deep.equal([true, false, true]);
    const half = await over(['id: 1\ndata: 1\n\n', 'data: lost\r'], ['\n', 'id: 2\ndata: 2\n\n']);
    expect(half.text()).to.equal('id: 1\ndata: 1\n\n\nid: 2\ndata: 2\n\n');
    expect(half.events).to.deep.equal([true, false, true]);
  });

  it('never joins a frame that was cut off with bytes of the next connection', async () => {
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

  it('starts from the browser’s id, and resumes from it until another id has arrived', async () => {
    const it = feedWith(soon, { cursor: 'caf\xc3\xa9' });
    await it.open();
    it.send(': comment\n\nretry: 5\n\n');
    it.break();
    await it.reopen(2);
    expect(cursors(it)).to.deep.equal(['caf\xc3\xa9', 'caf\xc3\xa9']);
    expect(it.gaps).to.deep.equal([]);
  });

  it('sends an id back byte for byte, whatever its bytes are', async () => {
    const it = await over(['id: \xe2\x82\xac\xff\ndata: 1\n\n'], []);
    expect(cursors(it)[1]).to.equal('\xe2\x82\xac\xff');
  });

  it('an empty id clears the cursor: the resume has no id, and reports a gap', async () => {
    const it = await over(['id: 1\ndata: 1\n\nid\ndata: 2\n\n'], ['data: 3\n\n']);
    expect(it.upstream.requests[1]?.headers).to.not.include('last-event-id');
    expect(it.text()).to.equal('id: 1\ndata: 1\n\nid\ndata: 2\n\n(no-ids)data: 3\n\n');
  });

  it('keeps the cursor if an id contains NUL', async () => {
    const it = await over(['id: 1\ndata: 1\n\nid: 2\0\nid: 3\0\n\n'], []);
    expect(cursors(it)[1]).to.equal('1');
  });

  for (const id of ['a\x01b', 'tab\x7f']) {
    it(`does not send back ${JSON.stringify(id)}, and reports a gap`, async () => {
      const it = await over([`id: ${id}\ndata: 1\n\n`], ['id: 2\ndata: 2\n\n'], []);
      expect(it.upstream.requests[1]?.headers).to.not.include('last-event-id');
      expect(it.text()).to.equal(`id: ${id}\ndata: 1\n\n(unusable-id)id: 2\ndata: 2\n\n`);
      expect(cursors(it)[2], 'from then on it can').to.equal('2');
    });
  }

  it('reports a gap at each resume without ids, with the times of the outage', async () => {
    const before = Date.now();
    const it = await over(['data: 1\n\n'], ['data: 2\n\n'], ['data: 3\n\n']);
    expect(it.text()).to.equal('data: 1\n\n(no-ids)data: 2\n\n(no-ids)data: 3\n\n');
    for (const { from, to } of it.gaps) {
      expect(from).to.be.within(before, to);
      expect(to).to.be.within(from, Date.now());
    }
  });

  it('reports a gap before the first of the events that looked like repeats', async () => {
    const old = 'id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n';
    const it = await over([old], ['id: 1\ndata: a\n\nid: 2\ndata: new\n\n: c\n\nid: 3\ndata: d\n\n']);
    expect(it.text()).to.equal(`${old}(ids-restarted)id: 1\ndata: a\n\nid: 2\ndata: new\n\n: c\n\nid: 3\ndata: d\n\n`);
    expect(it.gaps).to.have.length(1);
  });

  it('recognises a repeat by its lines, whatever chunks their ends come in', async () => {
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

  it('passes comments on while repeats are recognised', async () => {
    const it = await over(['id: 1\ndata: 1\n\n'], [':\n', 'id: 1\ndata: 1\n\n', ':\n']);
    expect(it.text()).to.equal('id: 1\ndata: 1\n\n:\n:\n');
  });

  it('a feed records nothing with resume: false, and ends as the connection does', async () => {
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

  describe('with an event over maxEventBytes', () => {
    const large = (id: string) => `id: ${id}\ndata: ${'x'.repeat(60)}\n\n`;
    const setUp = async (options = {}) => {
      const it = feedWith(soon, { maxEventBytes: 40, ...options });
      await it.open();
      return it;
    };

    it('puts a gap and a lone id in the place of an event over maxEventBytes, and goes on [R34]', async () => {
      const it = await setUp();
      it.send(`id: 1\ndata: 1\n\n${large('2')}id: 3\ndata: 3\n\n`);
      expect(it.text()).to.equal('id: 1\ndata: 1\n\n(event-too-large)id: 2\n\nid: 3\ndata: 3\n\n');
      expect(it.gaps.map(({ reason, id }) => [reason, id])).to.deep.equal([['event-too-large', '2']]);
      expect(it.overs).to.deep.equal([]);
    });

    it('resumes from the id of an event over maxEventBytes, and reports it once if the upstream repeats it [R34] [R35]', async () => {
      const it = await setUp();
      it.send(`id: 1\ndata: 1\n\n${large('2')}`);
      it.break();
      await it.reopen(2);
      it.send(`${large('2')}id: 3\ndata: 3\n\n`);
      expect(cursors(it)).to.deep.equal([undefined, '2']);
      expect(it.text()).to.equal('id: 1\ndata: 1\n\n(event-too-large)id: 2\n\nid: 3\ndata: 3\n\n');
    });

    it('puts a gap in the place of an event over maxEventBytes without resume, and without an id [R34]', async () => {
      const it = feedWith(false, { maxEventBytes: 40 });
      await it.open();
      it.send(`data: ${'x'.repeat(60)}\n\ndata: next\n\n`);
      expect(it.text()).to.equal('(event-too-large)data: next\n\n');
      expect(it.gaps[0]).to.not.have.property('id');
    });

    it('skips an event that is unfinished at 64 × maxEventBytes if its id is known, and reports it once [R34]', async () => {
      const it = await setUp();
      for (let connection = 0; connection < 3; connection++) {
        it.send('id: 2\n');
        for (let i = 0; i < 70; i++) it.send(`data: ${'x'.repeat(40)}\n`);
        await it.reopen(20);
      }
      expect(cursors(it)).to.deep.equal([undefined, '2', '2', '2']);
      expect(it.text().startsWith('(event-too-large)id: 2\n\n')).to.equal(true);
      expect(it.gaps).to.have.length(1);
      expect(
        it.resumes.map(([attempts]) => attempts),
        'the backoff goes on',
      ).to.deep.equal([1, 2, 3]);
    });

    it('reports no gap for a comment that does not end, since no event is lost, and reconnects [R27] [R34]', async () => {
      const it = await setUp();
      it.send('id: 1\ndata: 1\n\n:');
      for (let i = 0; i < 70 && it.upstream.live() === 1; i++) it.send('x'.repeat(50));
      await it.reopen(20);
      it.send('id: 2\ndata: 2\n\n');
      expect(it.text()).to.equal('id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n');
      expect(it.gaps).to.deep.equal([]);
      expect(cursors(it)).to.deep.equal([undefined, '1']);
    });

    it('breaks the connection of an event that is unfinished at idleTimeoutMs, though bytes arrive [R34]', async () => {
      const it = await setUp({ idleTimeoutMs: 1_000 });
      it.send(`data: ${'x'.repeat(60)}`);
      for (let tick = 0; tick * it.ticker.periodMs <= 1_000; tick++) {
        expect(it.upstream.live()).to.equal(1);
        it.send('x');
        it.feed.onTick();
      }
      expect(it.text()).to.equal('(event-too-large)');
      await it.reopen(20);
      it.send('data: next\n\n');
      expect(it.text()).to.equal('(event-too-large)(no-ids)data: next\n\n');
    });
  });

  it('cuts an id over 4 KiB from its event and reports a gap at the next resume only [R24]', async () => {
    const it = await over([`id: 1\ndata: 1\n\nid: ${'2'.repeat(4_097)}\ndata: 2\n\n`], ['id: 3\ndata: 3\n\n'], []);
    expect(cursors(it)).to.deep.equal([undefined, undefined, '3']);
    expect(it.text()).to.equal('id: 1\ndata: 1\n\ndata: 2\n\n(unusable-id)id: 3\ndata: 3\n\n');
  });

  for (const id of [' 1', '1 ', '\t1'])
    it(`sends no Last-Event-ID for the id ${JSON.stringify(id)}, which would arrive as "1", and reports a gap [R24]`, async () => {
      const event = `id: ${id}\ndata: a\n\n`;
      const it = await over([`id: 1 1\ndata: 0\n\n`], [event], ['id: 2\ndata: 2\n\n']);
      expect(cursors(it)).to.deep.equal([undefined, '1 1', undefined]);
      expect(it.text()).to.equal(`id: 1 1\ndata: 0\n\n${event}(unusable-id)id: 2\ndata: 2\n\n`);
    });

  it('reports no gap because in-band events of another proxy, which have no id, came last', async () => {
    const gap = 'event: sse-proxy:gap\ndata: {"reason":"no-ids"}\n\n';
    const it = await over([`id: 1\ndata: 1\n\n${gap}`], ['id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n']);
    expect(it.text()).to.equal('id: 1\ndata: 1\n\n(no-ids)id: 2\ndata: 2\n\n');
    expect(it.gaps).to.deep.equal([]);
  });

  it('recognises a repeat that other comments and retry: lines precede [R28]', async () => {
    const it = await over(
      ['retry: 0\n: a\nid: 1\ndata: 1\n\n: b\nid: 2\ndata: 2\n\n'],
      ['id: 1\ndata: 1\n\nretry: 1\n: c\nid: 2\ndata: 2\n\n: d\nid: 3\ndata: 3\n\n'],
    );
    expect(it.text().match(/data: ./g)).to.deep.equal(['data: 1', 'data: 2', 'data: 3']);
    expect(it.gaps).to.deep.equal([]);
  });

  describe('a whole log that is repeated after a resume', () => {
    // More logs than the window remembers at most.
    const log = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, n) => `id: x${from + n}\ndata: ${from + n}\n\n`).join('');

    it('a repeated log is dropped though it is longer than the window [R35]', async () => {
      const it = await over([log(1, 9_000)], [log(1, 4_500), log(4_501, 9_001)]);
      expect(it.text() === log(1, 9_001)).to.equal(true);
    });

    it('delays new events that could belong to a repeated log for less than a second', async () => {
      const it = await over([log(1, 9_000)], [log(9_001, 9_001)]);
      expect(it.text() === log(1, 9_000)).to.equal(true);
      clock.tick(400);
      expect(it.text() === log(1, 9_001)).to.equal(true);
      it.send(log(9_002, 9_002));
      expect(it.text() === log(1, 9_002)).to.equal(true);
    });

    it('delays no new event past a clean end, or for ever while more arrive', async () => {
      const ended = await over([log(1, 9_000)], [log(9_001, 9_001)]);
      ended.end();
      expect(ended.text() === log(1, 9_001)).to.equal(true);
      const busy = await over([log(1, 9_000)], [log(9_001, 9_001)]);
      for (let n = 9_002; n < 9_012; n++) {
        clock.tick(199);
        busy.send(log(n, n));
      }
      expect(busy.text() === log(1, 9_011)).to.equal(true);
    });

    it('starves no new event if every connection breaks after 400 ms', async () => {
      const it = await over([log(1, 9_000)], [log(9_001, 9_001)]);
      for (let n = 9_002; n < 9_006; n++) {
        clock.tick(199);
        it.send(log(n, n));
        clock.tick(199);
        it.break();
        await it.reopen(1);
        it.send(log(9_001, n));
      }
      expect(it.text().startsWith(log(1, 9_003))).to.equal(true);
    });

    it('loses nothing if the connection breaks while events are held', async () => {
      const it = await over([log(1, 9_000)], [log(9_001, 9_001)], [log(9_001, 9_002)]);
      clock.tick(1_000);
      expect(it.text() === log(1, 9_002)).to.equal(true);
    });
  });

  it('loses and duplicates nothing, wherever a stream with ids is cut, however often, however much comes again', async () => {
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
