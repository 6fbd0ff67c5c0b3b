import { once } from 'node:events';
import { expect } from 'chai';
import { EventSource } from 'undici';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const { random } = Math;
const minute = 60_000;

// Retry-After is seconds or a date. A browser is sent at least 5 s, at most 5 minutes, and up to twice that by jitter.
describe('the retry time of a refusal', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(async () => {
    Math.random = random;
    await clean();
  });

  /** The retry times after a 503 of the upstream with these header lines: softly, and by status. */
  async function told(fields: string): Promise<[retryMs: number, retryAfter: number]> {
    const up = await upstream((request) => request.raw(`HTTP/1.1 503 No\r\n${fields}Content-Length: 0\r\n\r\n`));
    const soft = await app({ target: up.url });
    const hard = await app({ target: up.url, refuse: 'status' });
    const [event, status] = [visit(soft.port), visit(hard.port)];
    await until(() => event.complete() && status.complete());
    return [Number(/^retry: (\d+)$/m.exec(event.body())?.[1]), Number(status.headers()['retry-after'])];
  }

  const date = (inMs: number) => new Date(Date.now() + inMs).toUTCString();
  const cases: [name: string, fields: () => string, floorMs: number][] = [
    ['no Retry-After', () => '', 5_000],
    ['a Retry-After in seconds', () => 'Retry-After: 60\r\n', minute],
    ['a shorter one than ours', () => 'Retry-After: 1\r\n', 5_000],
    ['a Retry-After of 0', () => 'Retry-After: 0\r\n', 5_000],
    ['one of just 5 minutes', () => 'Retry-After: 300\r\n', 5 * minute],
    ['a longer one than 5 minutes', () => 'Retry-After: 301\r\n', 5 * minute],
    ['one that no number holds', () => `Retry-After: ${'9'.repeat(400)}\r\n`, 5 * minute],
    ['one that is negative', () => 'Retry-After: -60\r\n', 5_000],
    ['one that is neither seconds nor a date', () => 'Retry-After: soon\r\n', 5_000],
    ['the longer of two', () => 'Retry-After: 60\r\nRetry-After: 90\r\n', 1.5 * minute],
    ['a date in the past', () => `Retry-After: ${date(-60 * minute)}\r\n`, 5_000],
    ['a date in a year', () => `Retry-After: ${date(365 * 24 * 60 * minute)}\r\n`, 5 * minute],
  ];
  for (const [name, fields, floorMs] of cases) {
    it(`the retry time of a refusal is between ${floorMs / 1000} s and twice that for ${name}`, async () => {
      for (const [share, draw] of [
        [1, 0],
        [1.5, 0.5],
        [2, 1],
      ] as const) {
        Math.random = () => draw;
        expect(await told(fields())).to.deep.equal([floorMs * share, Math.ceil((floorMs * share) / 1000)]);
      }
    });
  }

  it('the retry time of a refusal is the time until a Retry-After in each form of an HTTP date, whatever the time zone of the server', async () => {
    Math.random = () => 0;
    const zone = process.env.TZ;
    process.env.TZ = 'Asia/Tokyo';
    try {
      const at = new Date(Date.now() + 4 * minute).toUTCString();
      const [, day = '', month = '', year = '', time = ''] = /, (\d+) (\w+) (\d+) ([\d:]+) GMT/.exec(at) ?? [];
      const forms = [
        at,
        `Sunday, ${day}-${month}-${year.slice(2)} ${time} GMT`,
        `Sun ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`,
      ];
      for (const form of forms) {
        const [retryMs, retryAfter] = await told(`Retry-After: ${form}\r\n`);
        // A date has whole seconds, and time passes while the response is on its way.
        expect(retryMs, form).to.be.within(3 * minute, 4 * minute);
        expect(retryAfter, form).to.be.within((3 * minute) / 1000, 240);
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it('the retry time of a refusal is jittered between once and twice its floor', async () => {
    const up = await upstream((request) => request.raw('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'));
    const { port, witness } = await app({ target: up.url });
    for (let n = 0; n < 40; n++) visit(port);
    await until(() => witness.refusals.length === 40);
    const times = witness.refusals.map(({ retryMs }) => retryMs ?? 0);
    expect(new Set(times).size).to.be.above(20);
    for (const time of times) expect(time).to.be.within(5_000, 10_000);
  });

  describe('a real EventSource', () => {
    /** An EventSource, and a record of its events, in order. */
    function watch(port: number) {
      const source = add(new EventSource(`http://127.0.0.1:${port}/sse`), (it) => it.close());
      const seen: string[] = [];
      source.addEventListener('open', () => seen.push('open'));
      source.addEventListener('error', () => seen.push(source.readyState === 2 ? 'closed' : 'error'));
      source.addEventListener('message', ({ data }) => seen.push(data));
      source.addEventListener('sse-proxy:refused', (event) => {
        seen.push(JSON.parse((event as MessageEvent<string>).data).reason);
      });
      return { source, seen };
    }

    /** Shortens the retry time from 5 s to 50 ms. */
    const soon = () => {
      Math.random = () => -0.99;
    };

    it('EventSource reconnects by itself after a soft refusal', async () => {
      soon();
      const up = await upstream((request) => request.begin());
      const { port, proxy } = await app({ target: up.url, limits: { total: 1 }, retryMs: false });
      const first = await visit(port).opened();
      const { source, seen } = watch(port);
      await until(() => seen.includes('error'));
      expect(source.readyState).to.not.equal(EventSource.CLOSED);
      first.leave();
      const request = await up.request(1);
      request.send('data: at last\n\n');
      await until(() => seen.includes('at last'));
      expect(seen.slice(0, 3)).to.deep.equal(['open', 'limit', 'error']);
      expect(seen.slice(-2)).to.deep.equal(['open', 'at last']);
      expect(proxy.stats()).to.include({ open: 1, opened: 2 });
    });

    it('EventSource keeps its Last-Event-ID through a refusal and loses nothing', async () => {
      soon();
      const up = await upstream();
      const { port } = await app({ target: up.url, retryMs: 10 });
      const { seen } = watch(port);
      const first = await up.request();
      first.begin();
      first.send('id: 7\ndata: seven\n\n');
      await until(() => seen.includes('seven'));
      first.end();
      (await up.request(1)).raw('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
      const third = await up.request(2);
      third.begin();
      third.send('id: 8\ndata: eight\n\n');
      await until(() => seen.includes('eight'));
      expect(seen).to.deep.equal(['open', 'seven', 'error', 'open', 'upstream', 'error', 'open', 'eight']);
      expect(up.requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([undefined, '7', '7']);
    });

    const ends: [string, Partial<SseProxyOptions>][] = [
      [
        'a refusal by status',
        { refuse: 'status', limits: { acquire: () => ({ ok: false, rule: 'total', kind: 'total' }) } },
      ],
      ['a refusal for good', { authorize: () => false }],
    ];
    for (const [name, options] of ends) {
      it(`EventSource does not reconnect after ${name}`, async () => {
        const up = await upstream();
        const { port, proxy } = await app({ target: up.url, ...options });
        const { source, seen } = watch(port);
        if (source.readyState !== EventSource.CLOSED) await once(source, 'error');
        expect([source.readyState, seen]).to.deep.equal([EventSource.CLOSED, ['closed']]);
        expect(proxy.stats()).to.include({ refused: 1 });
      });
    }
  });
});
