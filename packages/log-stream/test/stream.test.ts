import { expect } from 'chai';
import request from 'supertest';
import { SqliteLogStore } from '../src/index.ts';
import { eventually, LOGS, log, logs, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';
import { CountingStore } from './support/stores.ts';

describe('GET …/logs/stream', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  it('sends its headers at once, as an event stream that nobody holds back', async () => {
    const { url } = await service();
    const { status, headers } = await openStream(`${url}${LOGS}/stream`);
    expect(status).to.equal(200);
    expect(headers).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(headers).not.to.have.any.keys('content-length', 'content-encoding', 'etag');
  });

  it('sends retry, an id to come back with, and then each log on one line (exact bytes)', async () => {
    const { url, store } = await service();
    await store.append([log('before')]);
    const stream = await openStream(`${url}${LOGS}/stream`);
    const [a, b] = [log('one\r\ntwo\u2028three\0"\\'), log('last')];
    await store.append([a, log('elsewhere', { workflowID: 'other' }), b]);
    await stream.untilMessage('last');
    const e = await store.epoch();
    expect(stream.text).to.equal(
      `retry: 5000\n\nid: ${e}-1\n\nid: ${e}-2\ndata: ${JSON.stringify(a)}\n\nid: ${e}-4\ndata: ${JSON.stringify(b)}\n\n`,
    );
    expect(stream.events[0]?.log).to.deep.equal(a);
  });

  it('sends another retry, or none', async () => {
    for (const [retryMs, first] of [
      [0, 'retry: 0\n\n'],
      [250, 'retry: 250\n\n'],
      [false, ''],
    ] as const) {
      const { url, store } = await service({ retryMs });
      const stream = await openStream(`${url}/logs/stream`);
      await stream.until((text) => text.endsWith('-0\n\n'));
      expect(stream.text).to.equal(`${first}id: ${await store.epoch()}-0\n\n`);
    }
  });

  it('sends the logs of all workflows at /logs/stream', async () => {
    const { url, store } = await service();
    const stream = await openStream(`${url}/logs/stream`);
    await store.append([log('a'), log('b', { workflowID: 'other' }), log('c', { workspaceID: 'other' })]);
    await stream.untilMessage('c');
    expect(stream.messages).to.deep.equal(['a', 'b', 'c']);
  });

  for (const [query, expected] of [
    ['', ['debug', 'info', 'warn', 'error', 'end']],
    ['?log_level=warn,ERROR', ['warn', 'error', 'end']],
    ['?log_level=&search=', ['debug', 'info', 'warn', 'error', 'end']],
    ['?search=R', ['warn', 'error', 'end']],
    ['?search=r&log_level=error', ['error', 'end']],
    ['?search=%25', ['end']],
  ] as const) {
    it(`filters ${query || 'nothing'} alike in history, in a page read and at the tip`, async () => {
      const { url, store } = await service();
      const all = [
        log('debug', { logLevel: 'DEBUG' }),
        log('info'),
        log('warn', { logLevel: 'WARN' }),
        log('error', { logLevel: 'ERROR' }),
        log('end', { logLevel: 'ERROR', description: '% r' }),
      ];
      const tip = await openStream(`${url}${LOGS}/stream${query}`);
      await store.append(all);
      await tip.untilMessage('end');
      const and = query === '' ? '?' : `${query}&`;
      const past = await openStream(`${url}${LOGS}/stream${and}history=500`);
      await past.untilMessage('end');
      const resumed = await openStream(`${url}${LOGS}/stream${query}`, { lastEventId: `${await store.epoch()}-0` });
      await resumed.untilMessage('end');
      for (const stream of [tip, past, resumed]) expect(stream.messages).to.deep.equal(expected);
    });
  }

  describe('history', () => {
    for (const [history, expected] of [
      [0, ['live']],
      [1, ['m4', 'live']],
      [3, ['m2', 'm3', 'm4', 'live']],
      [5, ['m0', 'm1', 'm2', 'm3', 'm4', 'live']],
      [500, ['m0', 'm1', 'm2', 'm3', 'm4', 'live']],
    ] as const) {
      it(`${history} sends the newest ${history}, oldest first, and then what comes`, async () => {
        const { url, store } = await service();
        for (const document of logs(5)) await store.append([document, log('x', { workflowID: 'other' })]);
        const stream = await openStream(`${url}${LOGS}/stream?history=${history}`);
        await store.append([log('live')]);
        await stream.untilMessage('live');
        expect(stream.messages).to.deep.equal(expected);
      });
    }

    it('of a workflow without logs is empty, and gives an id all the same', async () => {
      const { url, store } = await service();
      await store.append([log('x', { workflowID: 'other' })]);
      const stream = await openStream(`${url}${LOGS}/stream?history=5`);
      await stream.until((text) => text.endsWith('-1\n\n'));
      expect(stream.text).to.equal(`retry: 5000\n\nid: ${await store.epoch()}-1\n\n`);
    });

    it('gives way to a resume', async () => {
      const { url, store } = await service();
      await store.append(logs(5));
      const stream = await openStream(`${url}${LOGS}/stream?history=5`, { lastEventId: `${await store.epoch()}-4` });
      await stream.untilMessage('m4');
      expect(stream.messages).to.deep.equal(['m4']);
    });
  });

  for (const [query, detail] of [
    ['history=501', 'history: expected a whole number from 0 to 500, got "501"'],
    ['history=-1', 'history: expected a whole number from 0 to 500, got "-1"'],
    ['history=all', 'history: expected a whole number from 0 to 500, got "all"'],
    [
      'log_level=x%0d%0ay',
      'log_level: expected one or more of DEBUG, INFO, WARN, ERROR, separated by commas, got "x\\r\\ny"',
    ],
    ['search=%00', 'search: expected text without NUL, got "\\u0000"'],
    ['lastEventId=a&lastEventId=b', 'lastEventId: expected one value, got "a, b"'],
  ] as const) {
    it(`refuses ${query} as a problem, never as a stream`, async () => {
      const { app, router } = await service();
      for (const path of [`${LOGS}/stream`, '/logs/stream']) {
        const answer = await request(app).get(`${path}?${query}`).expect(400);
        expect(answer.headers['content-type']).to.equal('application/problem+json');
        expect(answer.body).to.include({ code: 'invalid_parameter', detail });
      }
      expect(router.stats().streams).to.equal(0);
    });
  }

  it('answers HEAD with the headers and opens nothing', async () => {
    const { app, router } = await service();
    await request(app).head(`${LOGS}/stream`).expect(200).expect('content-type', 'text/event-stream; charset=utf-8');
    expect(router.stats().streams).to.equal(0);
  });

  it('pings, and moves a filtered browser’s id on with the ping', async () => {
    const { url, store } = await service({ pingMs: 5 });
    const stream = await openStream(`${url}${LOGS}/stream?log_level=error`);
    await stream.until((text) => text.includes(':ping\n\n:ping\n\n'));
    await store.append(logs(3));
    await stream.until((text) => /-3\n\n:ping\n\n$/.test(text));
    const e = await store.epoch();
    expect(stream.text).to.match(new RegExp(`^retry: 5000\n\nid: ${e}-0\n\n(:ping\n\n)+id: ${e}-3\n\n:ping\n\n$`));
  });

  it('refuses one stream too many with 503, and takes the next when one has left', async () => {
    const { url, app, router } = await service({ maxStreams: 2 });
    const first = await openStream(`${url}/logs/stream`);
    await openStream(`${url}/logs/stream`);
    const answer = await request(app).get('/logs/stream').expect(503);
    expect(answer.body).to.include({ code: 'too_many_streams' });
    first.leave();
    await eventually(() => router.stats().streams === 1);
    expect((await openStream(`${url}/logs/stream`)).status).to.equal(200);
  });

  it('reads a new log once for all the readers at the tip', async () => {
    const store = new CountingStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store });
    const streams = await Promise.all(Array.from({ length: 200 }, () => openStream(`${url}${LOGS}/stream`)));
    await eventually(() => router.stats().atTip === 200);
    const before = store.reads;
    await store.append(logs(10));
    await Promise.all(streams.map((stream) => stream.untilMessage('m9')));
    expect(store.reads - before).to.equal(1);
    expect(store.subscriptions).to.equal(1);
    for (const stream of streams) expect(stream.text).to.equal(streams[0]?.text);
  });
});
