import { expect } from 'chai';
import { readStream } from '../src/connection/read-stream.ts';
import { type Scene, stage } from './support/scene.ts';
import { until } from './support/until.ts';

describe('the bytes of a stream', () => {
  const scene = stage();

  async function connected(options = {}): Promise<{ at: Scene; visit: Awaited<ReturnType<Scene['server']['next']>> }> {
    const at = await scene(options);
    at.stream.connect();
    return { at, visit: (await at.server.next()).open() };
  }

  for (const [name, end] of [
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ] as const) {
    it(`splits lines at ${name}, wherever the chunks are cut [R20]`, async () => {
      const lines = ['id: 7', 'event: log', 'data: grün', 'data: zwei', '', ':', '', 'data', '', ''];
      const bytes = Buffer.from(lines.join(end));
      const { at, visit } = await connected();
      for (const byte of bytes) {
        visit.send(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await at.received(2);
      const events = at.events.map(({ key, receivedAt, value, ...event }) => event);
      expect(events).to.deep.equal([
        { kind: 'event', id: '7', event: 'log', data: 'grün\nzwei', origin: 'new' },
        { kind: 'event', id: '', event: 'message', data: '', origin: 'new' },
      ]);
      expect(at.now.lastEventId).to.equal('7');
    });
  }

  it('ignores an incomplete event when the connection breaks, at whatever byte [input 27]', async () => {
    const whole = 'id: 1\ndata: one\n\n';
    const half = 'id: 2\nevent: x\ndata: two\n\n';
    const at = await scene({ stableMs: 1 });
    for (let cut = 0; cut < half.length; cut++) {
      at.stream.reset();
      at.stream.connect();
      const visit = (await at.server.next()).open(whole + half.slice(0, cut));
      await at.received(1);
      visit.end();
      await at.until('waiting');
      at.retry();
      const again = await at.server.next();
      expect(again.lastEventId, `cut at ${cut}`).to.equal('1');
      again.open(half);
      await at.received(2);
      expect(at.data, `cut at ${cut}`).to.deep.equal(['one', 'two']);
      expect(at.now.counts).to.include({ received: 2, duplicates: 0, gaps: 0 });
    }
  });

  it('strips a BOM at the start of every connection [R21]', async () => {
    const { at, visit } = await connected();
    visit.send('\uFEFFdata: one\n\n');
    await at.received(1);
    visit.end();
    await at.until('waiting');
    at.retry();
    (await at.server.next()).open('\uFEFFid: 2\ndata: two\n\n');
    await at.received(2);
    expect(at.data).to.deep.equal(['one', 'gap:no-ids', 'two']);
  });

  it('strips one BOM only [R21]', async () => {
    const { at, visit } = await connected();
    visit.send('\uFEFF\uFEFFdata: swallowed\n\ndata: kept\n\n');
    await at.received(1);
    expect(at.data).to.deep.equal(['kept']);
  });

  it('moves the cursor by a lone id [R23]', async () => {
    const { at, visit } = await connected();
    visit.send('id: 5\n\n');
    await until(() => {
      at.clock.advance(16);
      return at.now.lastEventId === '5';
    });
    expect(at.data).to.deep.equal([]);
    visit.end();
    await at.until('waiting');
    at.retry();
    expect((await at.server.next()).lastEventId).to.equal('5');
  });

  it('reports bytes, ids and events in order, each id once', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of ['retry: 7\n\nid: 5\n\n', ':\n\n', 'id: 6\ndata: x\n\ndata: y\n\n'])
          controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
    const said: string[] = [];
    const say =
      (name: string) =>
      (...given: unknown[]) =>
        void said.push([name, ...given.map((value) => JSON.stringify(value))].join(' '));
    const outcome = await readStream(
      body,
      { maxEventChars: 100, temporaryStatuses: {} },
      new AbortController().signal,
      {
        bytes: say('bytes'),
        id: say('id'),
        event: say('event'),
        gap: say('gap'),
        upstream: say('upstream'),
        retry: say('retry'),
        settled: say('settled') as () => undefined,
      },
    );
    expect(outcome.error.code).to.equal('ENDED');
    expect(said).to.deep.equal([
      'bytes',
      'retry 7',
      'id "5"',
      'settled',
      'bytes',
      'settled',
      'bytes',
      'id "6"',
      'event {"id":"6","event":"message","data":"x"}',
      'event {"id":"","event":"message","data":"y"}',
      'settled',
    ]);
  });

  it('clears the cursor by an empty id, and ignores an id with NUL [R23]', async () => {
    const { at, visit } = await connected();
    visit.send('id: 5\ndata: a\n\nid: 6\0\ndata: b\n\n');
    await at.received(2);
    expect(at.now.lastEventId).to.equal('5');
    expect(at.events.map(({ id }) => id)).to.deep.equal(['5', '']);
    visit.send('id\ndata: c\n\n');
    await at.received(3);
    expect(at.now.lastEventId).to.equal('');
  });
});
