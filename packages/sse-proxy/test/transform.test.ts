import { expect } from 'chai';
import type { SseEvent, SseProxyOptions, StreamContext } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

type Transform = NonNullable<SseProxyOptions['transform']>;

describe('transform', () => {
  const { clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  /** What a browser receives of `sent`, after which the upstream ends. */
  async function through(transform: Transform, sent: string) {
    const { app: proxied, browser, request } = await opened({ transform });
    request.send(sent);
    request.end();
    await until(() => browser.complete() || browser.closed());
    return { body: browser.body(), complete: browser.complete(), witness: proxied.witness };
  }

  it('transform is called once per event with data, with the stream, and its result is sent', async () => {
    const seen: [SseEvent, StreamContext][] = [];
    const { body, witness } = await through((event, stream) => {
      seen.push([event, stream]);
      return { id: event.id ?? '', event: 'changed', data: event.data.toUpperCase(), retry: 5 };
    }, 'event: a\nid: 1\ndata: one\ndata: two\nretry: 7\n\n: comment\ndata:three\n\nevent: no data\n\n');
    expect(seen.map(([event]) => event)).to.deep.equal([
      { event: 'a', id: '1', data: 'one\ntwo', retry: 7 },
      { data: 'three' },
    ]);
    const [[, context]] = seen as [[SseEvent, StreamContext]];
    const { req, ...info } = context;
    expect([req.url, info]).to.deep.equal(['/sse', witness.opens[0]?.stream]);
    expect(seen[1]?.[1]).to.equal(seen[0]?.[1]);
    expect(body).to.equal(
      'id: 1\nevent: changed\nretry: 5\ndata: ONE\ndata: TWO\n\n: comment\n' +
        'id: \nevent: changed\nretry: 5\ndata: THREE\n\nevent: no data\n\n',
    );
    expect(witness.closes[0]).to.include({ events: 2, bytes: body.length });
  });

  it('transform is called only with whole events, however the upstream slices them', async () => {
    const { browser, request } = await opened({ transform: ({ data }) => ({ data: `<${data}>` }) });
    const send = (bytes: string) => [...Buffer.from(bytes)].map((byte) => request.send(Buffer.of(byte)));
    send('data: ä\r\n\r');
    await browser.sees('>\n\n');
    send('\ndata: b\r\rdata: c\n\n');
    const body = await browser.sees('<c>\n\n');
    expect(Buffer.from(body, 'latin1').toString()).to.equal('data: <ä>\n\ndata: <b>\n\ndata: <c>\n\n');
  });

  it('transform may return a promise: order is kept, also with synchronous results', async () => {
    const answers: (() => void)[] = [];
    const { browser, request } = await opened({
      transform: (event) =>
        event.data === 'now' ? event : new Promise((resolve) => answers.push(() => resolve(event))),
    });
    request.send('data: later 1\n\ndata: now\n\n: comment\ndata: later 2\n\ndata: now\n\n');
    await until(() => answers.length === 1);
    answers[0]?.();
    expect(await browser.sees(': comment\n')).to.equal('data: later 1\n\ndata: now\n\n: comment\n');
    await until(() => answers.length === 2);
    answers[1]?.();
    await until(() => browser.body().endsWith('later 2\n\ndata: now\n\n'));
    expect(browser.body()).to.equal('data: later 1\n\ndata: now\n\n: comment\ndata: later 2\n\ndata: now\n\n');
  });

  it('transform pauses only its own upstream while a promise is pending', async () => {
    const answers: (() => void)[] = [];
    const up = await upstream((request) => request.begin());
    const { port, proxy } = await app({
      target: up.url,
      retryMs: false,
      transform: (event) =>
        event.data === 'wait' ? new Promise((resolve) => answers.push(() => resolve(event))) : event,
    });
    const waits = visit(port);
    const request = await up.request();
    request.send('data: wait\n\n');
    await until(() => answers.length === 1);
    for (let n = 0; n < 400; n++) request.send(`data: ${n}${'x'.repeat(65_000)}\n\n`);
    // The sockets in between hold a part. The rest is not read while other browsers come and go.
    for (let n = 1; n <= 60; n++) {
      const other = visit(port);
      (await up.request(n)).send('data: fine\n\n');
      expect(await other.sees('fine\n\n')).to.equal('data: fine\n\n');
      other.leave();
    }
    expect(request.socket.writableLength).to.be.above(5_000_000);
    expect(answers).to.have.length(1);
    answers[0]?.();
    await until(() => proxy.stats().events === 461);
    expect(waits.closed()).to.equal(false);
  });

  it('transform drops an event for null, and sends its id alone', async () => {
    const { body, witness } = await through(
      (event) => (event.data === 'drop' ? null : event),
      'id: 1\ndata: drop\n\ndata: drop\n\nid: 2\ndata: keep\n\nid:\ndata: drop\n\n',
    );
    expect(body).to.equal('id: 1\n\nid: 2\ndata: keep\n\nid: \n\n');
    expect(witness.closes[0]?.events).to.equal(1);
  });

  it('a transformed event cannot break out with CR, LF or NUL [R57]', async () => {
    const { body } = await through(
      () => ({ id: '1\n\ndata: evil\0', event: 'a\r\ndata: evil', data: 'x\n\nid: evil\rretry: 0\r\n\0' }),
      'data: one\n\n',
    );
    expect(body).to.equal(
      'id: 1data: evil\nevent: adata: evil\ndata: x\ndata: \ndata: id: evil\ndata: retry: 0\ndata: \0\n\n',
    );
  });

  const failures: [string, Transform][] = [
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['gives undefined', () => undefined as never],
    ['gives a string', () => 'secret' as never],
    ['gives an event without data', () => ({ id: '1' }) as never],
    ['gives data that is no string', () => ({ data: 7 }) as never],
    ['resolves with nonsense', async () => ({ data: Buffer.from('secret') }) as never],
    ['gives an id that cannot be written', () => ({ data: 'x', id: Object.create(null) })],
    ['resolves with an id that cannot be written', async () => ({ data: 'x', id: Object.create(null) })],
    ['never settles', () => new Promise<SseEvent>(() => {})],
  ];
  for (const [n, [how, fault]] of failures.entries()) {
    const before = `id: 1\ndata: ${n % 2 ? 'later' : 'one'}\n\n`;
    it(`transform ends only its own stream if it ${how}, after what came before [row 27]`, async () => {
      const up = await upstream((request) => request.begin());
      const asked: string[] = [];
      const { port, witness, proxy } = await app({
        target: up.url,
        retryMs: false,
        hookTimeoutMs: 40,
        transform(event, stream) {
          asked.push(event.data);
          if (event.data === 'later') return Promise.resolve(event);
          return event.data === 'bad' ? fault(event, stream) : event;
        },
      });
      const spared = visit(port);
      const its = await up.request();
      const hit = visit(port);
      (await up.request(1)).send(`${before}id: 2\ndata: bad\n\nid: 3\ndata: three\n\n`);
      await until(() => hit.closed() && up.open() === 1);
      expect(hit.body()).to.equal(before);
      expect(asked.at(-1)).to.equal('bad');
      expect(hit.complete()).to.equal(false);
      expect(witness.errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_TRANSFORM']);
      expect(witness.errors[0]?.error.message).to.equal('transform failed');
      expect(witness.closes.map((close) => [close.reason, close.error])).to.deep.equal([
        ['transform-failed', witness.errors[0]?.error],
      ]);
      its.send('data: fine\n\n');
      expect(await spared.sees('fine\n\n')).to.equal('data: fine\n\n');
      expect(proxy.stats()).to.include({ open: 1, upstreamConnections: 1 });
    });
  }

  for (const [how, over, complete] of [
    ['ends', 'end', true],
    ['breaks', 'reset', false],
  ] as const) {
    it(`delivers what came before the upstream ${how} while a promise of transform is pending`, async () => {
      const answer = Promise.withResolvers<void>();
      let asked = 0;
      const {
        app: proxied,
        browser,
        request,
        upstream: up,
      } = await opened({
        transform: async (event) => {
          asked++;
          await answer.promise;
          return event;
        },
      });
      // The second event of the chunk is held back, and the feed has already ended.
      request.send('id: 1\ndata: one\n\nid: 2\ndata: two\n\nid: 3\ndata: thr');
      await until(() => asked === 1);
      request[over]();
      if (over === 'reset') await until(() => up.open() === 0);
      answer.resolve();
      await until(() => browser.complete() || browser.closed());
      expect(browser.body()).to.equal('id: 1\ndata: one\n\nid: 2\ndata: two\n\n');
      expect(browser.complete()).to.equal(complete);
      const reason = complete ? 'upstream-ended' : 'upstream-broken';
      expect(proxied.witness.closes.map((close) => close.reason)).to.deep.equal([reason]);
    });
  }
});
