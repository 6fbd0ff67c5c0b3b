import { expect } from 'chai';
import type { ShareOptions, SseEvent, SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

type Transform = NonNullable<ShareOptions['transform']>;

const resume = { minDelayMs: 1, maxDelayMs: 5, maxOutageMs: 60_000 };
const event = (n: number) => `id: ${n}\ndata: ${n}\n\n`;
const upper: Transform = ({ data, ...rest }) => ({ ...rest, data: data.toUpperCase() });
/** The `data` of all events, in order. */
const dataOf = (body: string) => [...body.matchAll(/^data: (.*)$/gm)].map(([, data]) => data);
/** Event numbers that {@link stamper} has marked, in order. */
const numbersOf = (body: string) => dataOf(body).map((data) => Number(data?.split(' ')[0]));

/** A transform that never returns the same twice. */
function stamper(): Transform {
  let calls = 0;
  return ({ data }) => ({ data: `${data} call ${++calls}` });
}

describe('share.transform', () => {
  const { upstream, app, visit, clean } = stage({ resume });
  afterEach(clean);

  async function shared(
    transform: Transform,
    { share, ...options }: Omit<Partial<SseProxyOptions>, 'share'> & { share?: ShareOptions } = {},
    answer = (request: UpstreamRequestSeen) => request.begin(),
  ) {
    const up = await upstream(answer);
    const proxied = await app({
      target: up.url,
      retryMs: false,
      heartbeatMs: false,
      ...options,
      share: { join: 'live', ...share, transform },
    });
    const open = async (id?: string, more = {}) => {
      const browser = visit(proxied.port, '/sse', { ...(id === undefined ? {} : { 'Last-Event-ID': id }), ...more });
      await browser.opened();
      return browser;
    };
    const live = () => up.requests.filter(({ socket }) => !socket.destroyed && socket.writable);
    return { up, proxied, open, live, closes: proxied.witness.closes, gaps: proxied.witness.gaps };
  }

  it('share.transform is called once per event for all browsers, in order, and its result is sent and replayed', async () => {
    const seen: SseEvent[] = [];
    const { up, open } = await shared((given) => {
      seen.push({ ...given });
      return { event: 'changed', data: given.data.toUpperCase(), retry: 5 };
    });
    const browsers = await Promise.all([open(), open(), open()]);
    up.requests[0]?.send(
      'event: a\nid: 1\ndata: one\ndata: two\nretry: 7\n\n: comment\ndata:three\n\nid: \xe9\ndata: four\n\nid: 5\n\n',
    );
    const changed = 'event: changed\nretry: 5\n';
    const [one, two] = [`id: 1\n${changed}data: ONE\ndata: TWO\n\n`, `${changed}data: THREE\n\n`];
    const four = `id: ${Buffer.from('\xe9').toString('latin1')}\n${changed}data: FOUR\n\nid: 5\n\n`;
    for (const browser of browsers) expect(await browser.sees('id: 5\n\n')).to.equal(`${one}: comment\n${two}${four}`);
    expect(seen.map(({ data, id }) => [data, id])).to.deep.equal([
      ['one\ntwo', '1'],
      ['three', undefined],
      ['four', '\xe9'],
    ]);
    expect(await (await open('1')).sees('id: 5\n\n')).to.equal(two + four);
    expect(seen).to.have.length(3);
  });

  it('share.transform is called only with whole events, however the upstream slices them', async () => {
    const { up, open } = await shared(({ data }) => ({ data: `<${data}>` }));
    const browser = await open();
    for (const byte of Buffer.from('data: ä\r\n\r\ndata: b\r\rdata: c\n\n')) up.requests[0]?.send(Buffer.of(byte));
    const body = await browser.sees('<c>\n\n');
    expect(Buffer.from(body, 'latin1').toString()).to.equal('data: <ä>\n\ndata: <b>\n\ndata: <c>\n\n');
  });

  it('share.transform drops an event for null and sends its id alone, so that a browser which returns goes on behind it', async () => {
    const { up, open } = await shared((given) => (given.data === 'drop' ? null : given));
    const browser = await open();
    up.requests[0]?.send(
      'id: 1\ndata: drop\n\ndata: drop\n\nid: 2\ndata: keep\n\nid:\ndata: drop\n\nid: 3\ndata: last\n\n',
    );
    expect(await browser.sees('last\n\n')).to.equal('id: 1\n\nid: 2\ndata: keep\n\nid: \n\nid: 3\ndata: last\n\n');
    expect(await (await open('1')).sees('last\n\n')).to.equal('id: 2\ndata: keep\n\nid: \n\nid: 3\ndata: last\n\n');
    expect(up.requests).to.have.length(1);
  });

  it('share.transform is not called for events of another proxy, which pass unchanged in their place', async () => {
    const gap = 'event: sse-proxy:gap\ndata: {"reason":"no-ids"}\n\n';
    const { up, open } = await shared((given) => Promise.resolve(upper(given)));
    const browser = await open();
    up.requests[0]?.send(`data: a\n\n${gap}data: b\n\n`);
    expect(await browser.sees('B\n\n')).to.equal(`data: A\n\n${gap}data: B\n\n`);
  });

  it('share.transform runs before the transform of each browser', async () => {
    const { up, open } = await shared(upper, {
      transform: ({ data, ...rest }, { req }) => ({ ...rest, data: `${data} for ${req.headers['x-user']}` }),
    });
    const [a, b] = await Promise.all([open(undefined, { 'X-User': 'a' }), open(undefined, { 'X-User': 'b' })]);
    up.requests[0]?.send('id: 1\ndata: one\n\n');
    expect(await a.sees('for a\n\n')).to.equal('id: 1\ndata: ONE for a\n\n');
    expect(await b.sees('for b\n\n')).to.equal('id: 1\ndata: ONE for b\n\n');
  });

  it('share.transform may return a promise: order is kept, also with synchronous results and comments', async () => {
    const answers: (() => void)[] = [];
    const { up, open } = await shared((given) =>
      given.data === 'now' ? given : new Promise((resolve) => answers.push(() => resolve(given))),
    );
    const browser = await open();
    up.requests[0]?.send('data: later 1\n\ndata: now\n\n: comment\ndata: later 2\n\ndata: now\n\n');
    await until(() => answers.length === 1);
    answers[0]?.();
    expect(await browser.sees(': comment\n')).to.equal('data: later 1\n\ndata: now\n\n: comment\n');
    await until(() => answers.length === 2);
    answers[1]?.();
    await until(() => browser.body().endsWith('later 2\n\ndata: now\n\n'));
  });

  it('pauses the upstream while more than 64 KiB wait for a promise of share.transform, and reads on afterwards', async () => {
    const answers: (() => void)[] = [];
    let calls = 0;
    const { up, open, proxied } = await shared((given) => {
      calls++;
      return given.data === 'wait' ? new Promise((resolve) => answers.push(() => resolve(given))) : { data: 'x' };
    });
    await open();
    const [request] = up.requests;
    request?.send('data: wait\n\n');
    await until(() => answers.length === 1);
    for (let n = 0; n < 400; n++) request?.send(`data: ${n}${'x'.repeat(65_000)}\n\n`);
    // What the sockets in between don't hold stays with the upstream, while another stream is served.
    const { up: other, open: openOther } = await shared(upper);
    const witness = await openOther();
    for (let n = 0; n < 60; n++) {
      other.requests[0]?.send(`data: fine ${n}.\n\n`);
      await witness.sees(`FINE ${n}.`);
    }
    expect(request?.socket.writableLength).to.be.above(5_000_000);
    expect(calls).to.equal(1);
    answers[0]?.();
    await until(() => proxied.proxy.stats().events === 401);
  });

  for (const end of ['end', 'reset'] as const) {
    it(`delivers what came before the upstream's ${end} while a promise of share.transform is pending`, async () => {
      const answer = Promise.withResolvers<void>();
      const { up, open, closes } = await shared((given) => answer.promise.then(() => upper(given)), { resume: false });
      const browser = await open();
      up.requests[0]?.send('id: 1\ndata: one\n\nid: 2\ndata: two\n\nid: 3\ndata: thr');
      await until(() => up.requests[0]?.socket.writableLength === 0);
      up.requests[0]?.[end]();
      await until(() => up.open() === 0);
      answer.resolve();
      await until(() => closes.length === 1);
      expect(closes[0]?.reason).to.equal(end === 'end' ? 'upstream-ended' : 'upstream-broken');
      await until(() => browser.closed() || browser.complete());
      expect(dataOf(browser.body())).to.deep.equal(['ONE', 'TWO']);
    });
  }

  const failures: [string, Transform, RegExp][] = [
    [
      'throws',
      () => {
        throw new Error('broken');
      },
      /^Error: broken$/,
    ],
    ['rejects', () => Promise.reject(new Error('broken')), /^Error: broken$/],
    ['never settles', () => new Promise<SseEvent>(() => {}), /within hookTimeoutMs \(40\)/],
    [
      'returns undefined',
      () => undefined as never,
      /result: expected an event with data: string, or null, got undefined/,
    ],
    ['resolves with a string', async () => 'secret' as never, /result: expected an event.*, got a string/],
    ['returns no data', () => ({ id: '2' }) as never, /data: expected a string, got undefined/],
    ['resolves with a buffer', async () => ({ data: Buffer.from('secret') }) as never, /data: .*\(Buffer\)/],
    [
      'returns another id',
      () => ({ data: 'x', id: 'secret' }),
      /id: expected the event's own id, or none, got a string/,
    ],
    [
      'returns a type that is no string',
      () => ({ data: 'x', event: 5 }) as never,
      /event: expected a string, got a number/,
    ],
    ['returns a negative retry', () => ({ data: 'x', retry: -1 }), /retry: expected a whole number/],
  ];
  for (const [how, fault, cause] of failures) {
    it(`a share.transform that ${how} ends all streams of its feed, and no other; browsers that return get the event again [R45]`, async () => {
      let isBroken = true;
      const { up, proxied, open, closes } = await shared(
        (given) => (given.data === 'bad' && isBroken ? fault(given) : upper(given)),
        { hookTimeoutMs: 40, forwardHeaders: ['x-tenant'] },
      );
      const browsers = await Promise.all([open('0'), open('0')]);
      const spared = await open('0', { 'X-Tenant': 'other' });
      const hit = up.requests.find(({ headers }) => headers['x-tenant'] === undefined);
      hit?.send('id: 1\ndata: one\n\nid: 2\ndata: bad\n\nid: 3\ndata: three\n\n');
      await until(() => browsers.every((browser) => browser.closed()));
      for (const browser of browsers) {
        expect(browser.body()).to.equal('id: 1\ndata: ONE\n\n');
        expect(browser.complete()).to.equal(false);
      }
      expect(closes.map(({ reason, error }) => [reason, error?.code])).to.deep.equal([
        ['transform-failed', 'ERR_SSE_TRANSFORM'],
        ['transform-failed', 'ERR_SSE_TRANSFORM'],
      ]);
      const error = closes[0]?.error;
      expect(error?.message).to.equal('share.transform failed');
      expect(String(error?.cause)).to.match(cause).and.not.include('secret');
      await until(() => up.open() === 1);
      expect(proxied.proxy.stats()).to.include({ open: 1, sharedFeeds: 1, upstreamConnections: 1 });
      isBroken = false;
      const back = await open('1');
      const again = await until(() => up.requests[2]);
      expect(again.headers['last-event-id']).to.equal('1');
      again.send('id: 2\ndata: bad\n\n');
      expect(await back.sees('BAD\n\n')).to.equal('id: 2\ndata: BAD\n\n');
      up.requests.find(({ headers }) => headers['x-tenant'] !== undefined)?.send('data: fine\n\n');
      await spared.sees('FINE');
    });
  }

  it('share.transform is not called any more once the last browser has left, and its promise then changes nothing [R42]', async () => {
    const answers: (() => void)[] = [];
    const { up, open, proxied } = await shared(
      (given) => new Promise((resolve) => answers.push(() => resolve(given))),
      { share: { lingerMs: 0 } },
    );
    const browser = await open();
    up.requests[0]?.send(event(1) + event(2));
    await until(() => answers.length === 1);
    browser.leave();
    await until(() => up.open() === 0);
    answers[0]?.();
    await until(() => proxied.proxy.stats().open === 0);
    expect(answers).to.have.length(1);
  });

  it('drops what the upstream repeats after a resume, though share.transform returns something else at each call', async () => {
    const { up, open, gaps } = await shared(stamper());
    const browser = await open('0');
    up.requests[0]?.send(event(1) + event(2));
    await browser.sees('2 call 2');
    up.requests[0]?.reset();
    const again = await up.request(1);
    expect(again.headers['last-event-id']).to.equal('2');
    again.send(event(1) + event(2) + event(3));
    expect(dataOf(await browser.sees('3 call'))).to.deep.equal(['1 call 1', '2 call 2', '3 call 3']);
    expect(gaps).to.deep.equal([]);
  });

  it('a browser that moves to another feed gets no transformed event twice, though the upstream repeats events', async () => {
    const roles: Record<string, string> = { a: 'viewer', b: 'viewer' };
    const { up, open, live, gaps } = await shared(stamper(), {
      forwardHeaders: [],
      upstreamHeaders: (req) => ({ 'x-role': roles[String(req.headers['x-user'])] as string }),
    });
    const browsers = [await open('0', { 'X-User': 'a' }), await open('0', { 'X-User': 'b' })];
    up.requests[0]?.send(event(1) + event(2));
    await Promise.all(browsers.map((browser) => browser.sees('data: 2')));
    roles.a = 'admin';
    up.requests[0]?.reset();
    await until(() => live().length === 2);
    for (const request of live()) request.send(event(1) + event(2) + event(3));
    for (const browser of browsers) expect(numbersOf(await browser.sees('data: 3'))).to.deep.equal([1, 2, 3]);
    expect(gaps).to.deep.equal([]);
  });

  const modes: [string, (transform: Transform) => Transform][] = [
    ['at once', (transform) => transform],
    ['by a promise', (transform) => (given) => new Promise(setImmediate).then(() => transform(given))],
  ];
  for (const [how, wrap] of modes) {
    for (const ids of ['upstream', 'assign'] as const) {
      it(`a join connection is matched with the live feed at the event that both have, though results differ (${how}, ids: '${ids}')`, async () => {
        const { up, open, live, gaps } = await shared(wrap(stamper()), { share: { join: 'fresh', ids } }, (request) => {
          request.begin();
          request.send(up.requests.length > 1 ? event(1) : event(1) + event(2) + event(3));
        });
        const first = await open();
        await first.sees('data: 3');
        // The new connection has sent nothing but the first event: the rest comes from the live feed.
        const joined = await open();
        await joined.sees('data: 3');
        await until(() => live().length === 1);
        up.requests[0]?.send(event(4));
        expect(numbersOf(await first.sees('data: 4'))).to.deep.equal([1, 2, 3, 4]);
        await joined.sees('data: 4');
        expect(joined.body()).to.equal(first.body());
        expect(up.requests).to.have.length(2);
        expect(gaps).to.deep.equal([]);
      });
    }

    it(`a backfill is matched with the live feed at the event that both have, dropped events included (${how})`, async () => {
      let last = 6;
      const stamp = stamper();
      const { open, live, gaps } = await shared(
        wrap((given) => (Number(given.data) % 3 === 0 ? null : stamp(given))),
        { share: { replay: { maxEvents: 2 } } },
        (request) => {
          request.begin();
          const from = Number(request.headers['last-event-id'] ?? 0);
          for (let n = from + 1; n <= last; n++) request.send(event(n));
        },
      );
      const first = await open('0');
      await first.sees('id: 6\n\n');
      const back = await open('1');
      await back.sees('id: 6\n\n');
      await until(() => live().length === 1);
      last++;
      for (const request of live()) request.send(event(last));
      expect(numbersOf(await first.sees('data: 7'))).to.deep.equal([1, 2, 4, 5, 7]);
      expect(numbersOf(await back.sees('data: 7'))).to.deep.equal([2, 4, 5, 7]);
      // The live feed's ring holds 5 and the id of 6.
      expect(dataOf(back.body()).slice(-2)).to.deep.equal(dataOf(first.body()).slice(-2));
      expect(gaps).to.deep.equal([]);
    });
  }

  it('a browser that joins keeps its place while the first events of the new connection are still being transformed', async () => {
    const answers: (() => void)[] = [];
    const { up, open, live } = await shared(
      (given) =>
        given.event === 'snapshot' ? new Promise((resolve) => answers.push(() => resolve(given))) : upper(given),
      { share: { join: 'fresh' } },
    );
    const first = await open();
    up.requests[0]?.send(event(1));
    await first.sees(event(1));
    const joined = await open();
    (await up.request(1)).send('event: snapshot\ndata: all\n\n');
    await until(() => answers.length === 1);
    // A join connection without an event is given up after a second.
    const since = performance.now();
    await until(() => performance.now() - since > 1_200);
    expect(live()).to.have.length(2);
    answers[0]?.();
    await joined.sees('snapshot');
    for (const request of live()) request.send(event(2));
    expect(await joined.sees(event(2))).to.equal(`event: snapshot\ndata: all\n\n${event(2)}`);
  });
});
