import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import request from 'supertest';
import { SqliteLogStore } from '../src/index.ts';
import { idsOf, numbered } from './support/numbers.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';
import { CountingStore } from './support/stores.ts';

describe('GET …/logs/stream', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  it('sends the stream’s headers at once [R7]', async () => {
    const { url } = await service();
    const { status, headers } = await openStream(`${url}${logsPath}/stream`);
    expect(status).to.equal(200);
    expect(headers).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'private, no-store, no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    expect(headers).not.to.have.any.keys('content-length', 'content-encoding', 'etag');
  });

  it('sends retry, an id to resume with, and each log on one line (exact bytes) [R28]', async () => {
    const { url, store } = await service();
    await store.append([log('before')]);
    const stream = await openStream(`${url}${logsPath}/stream`);
    const [a, b] = [log('one\r\ntwo\u2028three\0"\\'), log('last')];
    await store.append([a, log('elsewhere', { workflowID: 'other' }), b]);
    await stream.untilMessage('last');
    expect(numbered(stream.text, await idsOf(store))).to.equal(
      `retry: 5000\nid: 1\n\nid: 2\ndata: ${JSON.stringify(a)}\n\nid: 4\ndata: ${JSON.stringify(b)}\n\n`,
    );
    expect(stream.events[0]?.log).to.deep.equal(a);
  });

  it('a stream begins with the configured retry, or with none', async () => {
    for (const [retryMs, first] of [
      [0, 'retry: 0\n'],
      [250, 'retry: 250\n'],
      [false, ''],
    ] as const) {
      const { url, store } = await service({ retryMs });
      const stream = await openStream(`${url}${logsPath}/stream`);
      await stream.until((text) => text.endsWith('\n\n'));
      expect(numbered(stream.text, await idsOf(store))).to.equal(`${first}id: 0\n\n`);
    }
  });

  it('the route /logs/stream sends the logs of all workflows', async () => {
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
    it(`filters ${query || 'nothing'} alike in history, in a replay and live`, async () => {
      const { url, store } = await service();
      const all = [
        log('debug', { logLevel: 'DEBUG' }),
        log('info'),
        log('warn', { logLevel: 'WARN' }),
        log('error', { logLevel: 'ERROR' }),
        log('end', { logLevel: 'ERROR', description: '% r' }),
      ];
      const tip = await openStream(`${url}${logsPath}/stream${query}`);
      await store.append(all);
      await tip.untilMessage('end');
      const and = query === '' ? '?' : `${query}&`;
      const past = await openStream(`${url}${logsPath}/stream${and}history=500`);
      await past.untilMessage('end');
      const resumed = await openStream(`${url}${logsPath}/stream${query}`, {
        lastEventId: (await idsOf(store)).encode(0),
      });
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
      it(`history=${history} sends the newest ${history} logs, oldest first, then live ones`, async () => {
        const { url, store } = await service();
        for (const document of logs(5)) await store.append([document, log('x', { workflowID: 'other' })]);
        const stream = await openStream(`${url}${logsPath}/stream?history=${history}`);
        await store.append([log('live')]);
        await stream.untilMessage('live');
        expect(stream.messages).to.deep.equal(expected);
      });
    }

    it('history of a workflow without logs sends an id only', async () => {
      const { url, store } = await service();
      await store.append([log('x', { workflowID: 'other' })]);
      const stream = await openStream(`${url}${logsPath}/stream?history=5`);
      await stream.until((text) => text.endsWith('\n\n'));
      expect(numbered(stream.text, await idsOf(store))).to.equal('retry: 5000\nid: 1\n\n');
    });

    it('a stream ignores history if the request has a Last-Event-ID', async () => {
      const { url, store } = await service();
      await store.append(logs(5));
      const stream = await openStream(`${url}${logsPath}/stream?history=5`, {
        lastEventId: (await idsOf(store)).encode(4),
      });
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
    ['last_event_id=a&last_event_id=b', 'last_event_id: expected one value, got "a, b"'],
  ] as const) {
    it(`refuses a stream with ${query} by problem+json`, async () => {
      const { app, router } = await service();
      for (const path of [`${logsPath}/stream`, '/logs/stream']) {
        const answer = await request(app).get(`${path}?${query}`).expect(400);
        expect(answer.headers['content-type']).to.equal('application/problem+json');
        expect(answer.body).to.include({ code: 'ERR_LOG_STREAM_PARAMETER', detail });
      }
      expect(router.stats().streams).to.equal(0);
    });
  }

  it('responds to HEAD with the stream’s headers and opens no stream [R10]', async () => {
    const { app, router } = await service();
    await request(app)
      .head(`${logsPath}/stream`)
      .expect(200)
      .expect('content-type', 'text/event-stream; charset=utf-8');
    expect(router.stats().streams).to.equal(0);
  });

  it('closes the connection after the response to a GET with a body [R10]', async () => {
    const { url } = await service();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(`GET ${logsPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nGET `);
    expect(await text(socket))
      .to.match(/^HTTP\/1\.1 200 /)
      .and.match(/^connection: close$/im);
  });

  it('sends heartbeats without an empty line, and moves a filtered stream’s id before one [R28]', async () => {
    const { url, store } = await service({ heartbeatMs: 5 });
    const stream = await openStream(`${url}${logsPath}/stream?log_level=error`);
    await stream.until((text) => text.includes(':ping\n:ping\n'));
    await store.append(logs(3));
    const ids = await idsOf(store);
    await stream.until((text) => /id: 3\n\n:ping\n$/.test(numbered(text, ids)));
    expect(numbered(stream.text, ids)).to.match(/^retry: 5000\nid: 0\n\n(:ping\n)+id: 3\n\n:ping\n$/);
  });

  it('refuses a stream over limits.total with 503, and accepts one again after another has left', async () => {
    const { url, app, router } = await service({ limits: { total: 2 } });
    const first = await openStream(`${url}/logs/stream`);
    await openStream(`${url}/logs/stream`);
    const answer = await request(app).get('/logs/stream').expect(503);
    expect(answer.body).to.include({ code: 'ERR_LOG_STREAM_LIMIT' });
    first.leave();
    await eventually(() => router.stats().streams === 1);
    expect((await openStream(`${url}/logs/stream`)).status).to.equal(200);
  });

  it('reads a new log once for all live readers', async () => {
    const store = new CountingStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, router } = await service({ store });
    const streams = await Promise.all(Array.from({ length: 200 }, () => openStream(`${url}${logsPath}/stream`)));
    await eventually(() => router.stats().atTip === 200);
    const before = store.reads;
    await store.append(logs(10));
    await Promise.all(streams.map((stream) => stream.untilMessage('m9')));
    expect(store.reads - before).to.equal(1);
    expect(store.subscriptions).to.equal(1);
    for (const stream of streams) expect(stream.events).to.deep.equal(streams[0]?.events);
  });
});
