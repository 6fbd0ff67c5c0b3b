import { expect } from 'chai';
import fc from 'fast-check';
import { limitEventSize } from '../src/connection/size-limit.ts';
import { type Scene, stage } from './support/scene.ts';
import { turns } from './support/turns.ts';

/** Passes chunks through the limit; a parser could be fed with what comes out. */
function pass(chunks: string[], maxChars: number, unfinished = ''): { text: string; log: string[] } {
  let text = unfinished;
  /** Start of what a parser would forget. */
  let whole = 0;
  const log: string[] = [];
  const limit = limitEventSize(maxChars, unfinished, {
    feed(fed) {
      text += fed;
      const ends = [...text.matchAll(/(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)/g)];
      whole = ends.length === 0 ? 0 : ends.at(-1)!.index + ends.at(-1)![0].length;
    },
    forget() {
      text = text.slice(0, whole);
    },
    discarded: (id) => log.push(`discarded ${id}`),
    broken: () => log.push('broken'),
  });
  for (const chunk of chunks) if (!log.includes('broken')) limit.push(chunk);
  return { text, log };
}

describe('the limit of an event’s size', () => {
  const large = 'x'.repeat(101);
  const events: Record<string, [input: string, text: string, log: string[]]> = {
    'passes an event of exactly the limit': [
      `id: 1\ndata: ${'x'.repeat(100)}\n\n`,
      `id: 1\ndata: ${'x'.repeat(100)}\n\n`,
      [],
    ],
    'discards an event over the limit, and nothing else': [
      `data: a\n\nid: 2\ndata: ${large}\n\ndata: b\n\n`,
      'data: a\n\ndata: b\n\n',
      ['discarded 2'],
    ],
    'adds up the data lines of an event': [
      `data: ${'x'.repeat(50)}\ndata:${'y'.repeat(50)}\n\ndata: b\n\n`,
      'data: b\n\n',
      ['discarded undefined'],
    ],
    'finds an id behind the data': [`data: ${large}\nid: 3\n\n`, '', ['discarded 3']],
    'reports the last valid id': [`id: 1\nid: 2\nid: 3\0\ndata: ${large}\n\n`, '', ['discarded 2']],
    'does not count comments and retry [R28]': [
      `:${large}\nretry: 5\n:${large}\ndata: a\n\n`,
      `:${large}\nretry: 5\n:${large}\ndata: a\n\n`,
      [],
    ],
    'discards several events in a row': [
      `id: 1\ndata: ${large}\n\nid: 2\ndata: ${large}\n\n`,
      '',
      ['discarded 1', 'discarded 2'],
    ],
    'limits an event type': [
      `event: ${'e'.repeat(4_200)}\ndata: a\n\ndata: b\n\n`,
      'data: b\n\n',
      ['discarded undefined'],
    ],
    'discards the first event after a BOM': [
      `\uFEFFid: 1\ndata: ${large}\n\ndata: b\n\n`,
      'data: b\n\n',
      ['discarded 1'],
    ],
    'reports an event that does not end [R34]': [`data: ${'x'.repeat(6_500)}`, '', ['broken']],
  };

  for (const [title, [input, text, log]] of Object.entries(events)) {
    it(`the size limit ${title}`, () => expect(pass([input], 100)).to.deep.equal({ text, log }));
  }

  for (const [unfinished, rest, log] of [
    ['id: 1\ndata: aaa', `${large}\n\n`, ['discarded 1']],
    ['\ndata: aaa\nid: 1\r', `\ndata: ${large}\r\n\r\n`, ['discarded 1']],
    ['data: aaa\n', `data: ${'x'.repeat(96)}\n\n`, []],
  ] as const)
    it(`counts the text ${JSON.stringify(unfinished)} that has been parsed before`, () => {
      const text = log.length === 0 ? unfinished + rest : '';
      expect(pass([rest], 100, unfinished)).to.deep.include({ log });
      expect(pass([rest], 100, unfinished).text.trim()).to.equal(text.trim());
    });

  it('treats any chunks of the same text, with any line ends, alike (property)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(events).map(([input]) => input)),
        fc.constantFrom(...Object.values(events).map(([input]) => input)),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (first, second, lineEnd, sizes) => {
          const input = `data: s\n\n${first}\n\n${second}\n\ndata: e\n\n`.replaceAll('\n', lineEnd);
          const chunks: string[] = [];
          for (let at = 0, index = 0; at < input.length; index++) {
            const size = sizes[index % sizes.length]!;
            chunks.push(input.slice(at, at + size));
            at += size;
          }
          const whole = pass([input], 100);
          const cut = pass(chunks, 100);
          expect(cut.log).to.deep.equal(whole.log);
          if (whole.log.includes('broken')) return;
          const events = (text: string) =>
            text
              .replaceAll(lineEnd, '\n')
              .split('\n\n')
              .map((event) => event.replaceAll(/^[:\uFEFFr].*\n?|\n/gm, ''))
              .filter((event) => event !== '');
          expect(events(cut.text)).to.deep.equal(events(whole.text));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('an event larger than maxEventChars', () => {
  const scene = stage();

  async function connected(options = {}): Promise<{ at: Scene; visit: Awaited<ReturnType<Scene['server']['next']>> }> {
    const at = await scene({ maxEventChars: 100, ...options });
    at.stream.connect();
    return { at, visit: (await at.server.next()).open() };
  }

  it('an event over maxEventChars is replaced by a gap with its id, and the stream goes on [R34]', async () => {
    const { at, visit } = await connected();
    visit.send(`id: 1\ndata: one\n\nid: 2\ndata: ${'y'.repeat(101)}\n\nid: 3\ndata: three\n\n`);
    await at.received(2);
    expect(at.data).to.deep.equal(['one', 'gap:event-too-large', 'three']);
    expect(at.now.entries.at(1)).to.include({ id: '2', afterId: '1' });
    expect(at.now).to.include({ status: 'connected', lastEventId: '3', lastError: null });
    expect(at.server.visits).to.have.length(1);
  });

  it('an event over maxEventChars has no effect on a retry field before it [R28]', async () => {
    const { at, visit } = await connected();
    visit.end(`retry: 5000\n: hi\ndata: ${'y'.repeat(101)}\n\n`);
    const { retryAt } = await at.until('waiting');
    expect(retryAt! - at.clock.time).to.equal(5_000);
  });

  it('an event over maxEventChars moves the cursor, so that the server is not asked for it again [R34]', async () => {
    const { at, visit } = await connected();
    visit.end(`id: 1\ndata: one\n\nid: 2\ndata: ${'y'.repeat(101)}\n\n`);
    await at.until('waiting');
    expect(at.now.lastEventId).to.equal('2');
    at.retry();
    const again = await at.server.next();
    expect(again.lastEventId).to.equal('2');
    again.open(`id: 2\ndata: ${'y'.repeat(101)}\n\nid: 3\ndata: three\n\n`);
    await at.received(2);
    expect(at.data).to.deep.equal(['one', 'gap:event-too-large', 'three']);
  });

  it('an event over maxEventChars that does not end breaks the connection, without a reset of the backoff [R34]', async () => {
    const { at, visit } = await connected({ stableMs: 60_000 });
    visit.send(`data: ${'z'.repeat(6_500)}`);
    expect((await at.until('waiting')).lastError!.code).to.equal('EVENT_TOO_LARGE');
    at.retry();
    (await at.server.next()).open(`data: ${'z'.repeat(6_500)}`);
    await at.until('waiting');
    expect(at.now.attempt).to.equal(2);
  });

  it('an event over maxEventChars that takes longer than watchdogMs counts as silence [R34]', async () => {
    const { at, visit } = await connected({ watchdogMs: 1_000, maxEventChars: 1_000 });
    visit.send(`data: a\n\ndata: ${'z'.repeat(1_001)}`);
    await at.received(1);
    at.clock.advance(900);
    const { pending } = at.clock;
    visit.send('z');
    await turns();
    expect(at.clock.pending).to.equal(pending);
    at.clock.advance(150);
    expect(at.now.lastError!.code).to.equal('STALLED');
  });
});
