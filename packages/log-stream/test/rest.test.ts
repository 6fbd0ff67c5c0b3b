import { once } from 'node:events';
import { expect } from 'chai';
import request, { type Response } from 'supertest';
import { SqliteLogStore } from '../src/index.ts';
import { eventIds } from '../src/stores/sqlite/event-id.ts';
import { idsOf } from './support/numbers.ts';
import { log, logs, logsPath, service, stopServices } from './support/service.ts';
import { FailingStore } from './support/stores.ts';

const firstTimestamp = 1758531240000; // 2025-09-22T08:54:00.000Z

const foreignIds = eventIds('another', { workspaceID: 'ws', workflowID: 'wf' });

/** The messages of a page, in order. */
const messages = ({ body }: Response) => body.logs.map(({ message }: { message: string }) => message).join(' ');

describe('GET …/logs', () => {
  afterEach(stopServices);

  it('returns a workflow’s logs, newest first, in their exact shape', async () => {
    const { app, store } = await service();
    const [one, two] = [log('one'), log('two')];
    await store.append([one, log('x', { workflowID: 'other' }), two, log('y', { workspaceID: 'other' })]);
    const own = await idsOf(store);
    const answer = await request(app).get(logsPath).expect(200);
    const ids = [3, 1].map((seq) => own.encode(seq));
    expect(answer.text).to.equal(JSON.stringify({ logs: [two, one], ids, nextCursor: null, total: 2, gap: null }));
    expect(answer.headers).to.include({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(own.decode(answer.headers['last-event-id'] ?? '', 'position')).to.equal(4);
  });

  it('returns an empty page for a workflow without logs', async () => {
    const { app } = await service();
    await request(app).get(logsPath).expect(200, { logs: [], ids: [], nextCursor: null, total: 0, gap: null });
  });

  it('decodes workspace and workflow ids from the path', async () => {
    const { app, store } = await service();
    const ids = { workspaceID: 'a/b %?', workflowID: "'; DROP TABLE logs; --" };
    await store.append([log('odd', ids)]);
    const path = `workspace/${encodeURIComponent(ids.workspaceID)}/workflow/${encodeURIComponent(ids.workflowID)}`;
    expect(messages(await request(app).get(`/wfm/workflow/${path}/logs`).expect(200))).to.equal('odd');
  });

  describe('filters', () => {
    const query = async (text: string) => {
      const { app, store } = await service();
      await store.append([
        log('debug', { logLevel: 'DEBUG', timestamp: firstTimestamp }),
        log('info 100%', { logLevel: 'INFO', timestamp: firstTimestamp + 1, stageName: 'LOAD_A' }),
        log('warn', { logLevel: 'WARN', timestamp: firstTimestamp + 2, description: 'Größe ÄNDERN' }),
        log('error', { logLevel: 'ERROR', timestamp: firstTimestamp + 3, description: 'first\nsecond line' }),
      ]);
      const answer = await request(app).get(`${logsPath}?order=asc&${text}`).expect(200);
      expect(answer.body.total).to.equal(answer.body.logs.length);
      return messages(answer);
    };

    for (const [text, expected] of [
      ['log_level=INFO', 'info 100%'],
      ['log_level=info,Error', 'info 100% error'],
      ['log_level=info,%20error', 'info 100% error'],
      ['log_level=info&log_level=error', 'info 100% error'],
      ['log_level=', 'debug info 100% warn error'],
      ['search=EBU', 'debug'],
      ['search=load', 'info 100%'],
      ['search=größe%20ändern', 'warn'],
      ['search=GRÖSSE', ''],
      ['search=%25', 'info 100%'],
      ['search=d%25_A', ''],
      ['search=d_A', 'info 100%'],
      ["search='%20OR%201=1", ''],
      ['search=first%0Asecond', 'error'],
      ['search=STAGE', 'debug warn error'],
      ['search=errorfirst', ''],
      ['search=', 'debug info 100% warn error'],
      [`from=${firstTimestamp + 1}&to=${firstTimestamp + 3}`, 'info 100% warn'],
      [`from=${firstTimestamp + 1}&to=${firstTimestamp + 1}`, ''],
      ['from=2025-09-22T08:54:00.002Z', 'warn error'],
      ['from=2025-09-22T10:54:00.002%2B02:00', 'warn error'],
      ['from=2025-09-22T10:54:00.002+02:00', 'warn error'],
      ['to=2025-09-22t06:54:00.001-02:00', 'debug'],
      ['from=2025-09-22&to=2025-09-23', 'debug info 100% warn error'],
      ['from=2025-09-22T08:55Z', ''],
      ['from=-1', 'debug info 100% warn error'],
      ['limit=&cursor=&from=&to=&after=', 'debug info 100% warn error'],
      ['log_level=warn,error&search=a', 'warn error'],
      ['log_level=warn,error&search=STAGE&to=1758531240003', 'warn'],
      ['unknown=parameter', 'debug info 100% warn error'],
    ] as const) {
      it(`a page with ${text} contains ${expected || 'no log'}`, async () =>
        expect(await query(text)).to.equal(expected));
    }
  });

  it('the parameter order reverses a page and is case-insensitive', async () => {
    const { app, store } = await service();
    await store.append(logs(3));
    expect(messages(await request(app).get(`${logsPath}?order=asc`))).to.equal('m0 m1 m2');
    expect(messages(await request(app).get(`${logsPath}?order=DESC`))).to.equal('m2 m1 m0');
  });

  it('the parameter limit defaults to 50 and is at most 500', async () => {
    const { app, store } = await service();
    await store.append(logs(501));
    for (const [query, count] of [
      ['', 50],
      ['?limit=1', 1],
      ['?limit=500', 500],
    ] as const) {
      const { body } = await request(app)
        .get(logsPath + query)
        .expect(200);
      expect(body.logs).to.have.length(count);
      expect(body.nextCursor).to.be.a('string');
      expect(body.total).to.equal(501);
    }
  });

  it('the parameter after restricts a page and its total to logs after an event', async () => {
    const { app, store } = await service();
    await store.append(logs(5));
    const ids = await idsOf(store);
    const get = (query: string) => request(app).get(`${logsPath}?order=asc&${query}`).expect(200);
    const answer = await get(`after=${ids.encode(2)}`);
    expect(messages(answer)).to.equal('m2 m3 m4');
    expect(answer.body.total).to.equal(3);
    expect(messages(await get(`after=${ids.encode(0)}`))).to.equal('m0 m1 m2 m3 m4');
    expect(messages(await get(`after=${ids.encode(5)}`))).to.equal('');
    const page = await get(`after=${ids.encode(2)}&limit=2`);
    expect(messages(page)).to.equal('m2 m3');
    expect(messages(await get(`after=${ids.encode(2)}&cursor=${page.body.nextCursor}`))).to.equal('m4');
  });

  it('the parameter up_to ends a page at an event, and with after selects what lies between two events', async () => {
    const { app, store } = await service();
    await store.append(logs(5));
    const ids = await idsOf(store);
    const get = (query: string) => request(app).get(`${logsPath}?${query}`).expect(200);
    const newest = await get(`up_to=${ids.encode(4)}&limit=2`);
    expect(messages(newest)).to.equal('m3 m2');
    expect(newest.body.ids).to.deep.equal([ids.encode(4), ids.encode(3)]);
    expect(newest.body.total).to.equal(4);
    expect(ids.decode(newest.headers['last-event-id'] ?? '', 'position')).to.equal(4);
    expect(messages(await get(`up_to=${ids.encode(4)}&limit=2&cursor=${newest.body.nextCursor}`))).to.equal('m1 m0');
    const between = await get(`order=asc&after=${ids.encode(1)}&up_to=${ids.encode(3)}`);
    expect(messages(between)).to.equal('m1 m2');
    expect(between.body.nextCursor).to.equal(null);
    expect(messages(await get(`after=${ids.encode(3)}&up_to=${ids.encode(3)}`))).to.equal('');
  });

  it('the parameter up_to selects no log if this store never had its event', async () => {
    const { app, store } = await service();
    await store.append(logs(2));
    for (const id of [foreignIds.encode(1), (await idsOf(store)).encode(3)]) {
      const { body } = await request(app).get(`${logsPath}?up_to=${id}`).expect(200);
      expect(body).to.deep.equal({ logs: [], ids: [], nextCursor: null, total: 0, gap: null });
    }
  });

  it('the parameter after selects all logs if its event is of another epoch or in the future', async () => {
    const { app, store } = await service();
    await store.append(logs(2));
    for (const id of [foreignIds.encode(7), (await idsOf(store)).encode(3)]) {
      expect(messages(await request(app).get(`${logsPath}?after=${id}`).expect(200))).to.equal('m1 m0');
    }
  });

  const foreign = foreignIds.encode(3, 'desc');
  const integer = (name: string) => `${name}: expected a whole number from 1 to 500`;
  for (const [query, parameter, detail] of [
    [
      'log_level=FATAL',
      'log_level',
      'log_level: expected one or more of DEBUG, INFO, WARN, ERROR, separated by commas, got "FATAL"',
    ],
    [
      'log_level=INFO,',
      'log_level',
      'log_level: expected one or more of DEBUG, INFO, WARN, ERROR, separated by commas, got "INFO,"',
    ],
    [
      'log_level=INFO%0D%0AX',
      'log_level',
      'log_level: expected one or more of DEBUG, INFO, WARN, ERROR, separated by commas, got "INFO\\r\\nX"',
    ],
    ['search=a&search=b', 'search', 'search: expected one value, got "a, b"'],
    ['search=a%00b', 'search', 'search: expected text without NUL, got "a\\u0000b"'],
    [
      'from=yesterday',
      'from',
      'from: expected an ISO 8601 date, or date and time with Z or an offset, or milliseconds since 1970, got "yesterday"',
    ],
    ['from=2025-09-22T08:54:00', 'from', undefined],
    ['from=2025-02-30', 'from', undefined],
    ['from=2025-09-22T25:00Z', 'from', undefined],
    ['from=8640000000000001', 'from', undefined],
    ['to=Mon%20Sep%2022%202025', 'to', undefined],
    ['from=2&to=1', 'from', 'from: expected an instant not after "to", got a later one'],
    ['limit=0', 'limit', `${integer('limit')}, got "0"`],
    ['limit=501', 'limit', `${integer('limit')}, got "501"`],
    ['limit=1e2', 'limit', `${integer('limit')}, got "1e2"`],
    ['limit=1&limit=2', 'limit', 'limit: expected one value, got "1, 2"'],
    ['order=up', 'order', 'order: expected desc or asc, got "up"'],
    ['cursor=x', 'cursor', 'cursor: expected a nextCursor of this workflow and of order=desc, got "x"'],
    [
      `cursor=${foreign}`,
      'cursor',
      `cursor: expected a nextCursor of this workflow and of order=desc, got "${foreign}"`,
    ],
    [`cursor=${foreign}&order=asc`, 'cursor', undefined],
    [`cursor=${foreign}=`, 'cursor', undefined],
    ['after=17', 'after', 'after: expected the id of an event, got "17"'],
    [`after=${foreign}A`, 'after', undefined],
    ['up_to=17', 'up_to', 'up_to: expected the id of an event, got "17"'],
    ['after=-1', 'after', undefined],
    [
      `search=ok&limit=${'%E2%80%A8'.repeat(100)}`,
      'limit',
      `${integer('limit')}, got "${'\\u2028'.repeat(80)}\\u2026"`,
    ],
  ] as const) {
    it(`a page with ${query.slice(0, 60)} is refused with 400`, async () => {
      const { app } = await service();
      const answer = await request(app).get(`${logsPath}?${query}`).expect(400);
      expect(answer.headers['content-type']).to.equal('application/problem+json');
      expect(answer.body).to.include({
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        code: 'ERR_LOG_STREAM_PARAMETER',
        parameter,
      });
      if (detail !== undefined) expect(answer.body.detail).to.equal(detail);
      expect(answer.body.detail).to.match(new RegExp(`^${parameter}: expected [\\x20-\\x7e]+$`));
    });
  }

  it('refuses a path with invalid percent-encoding', async () => {
    const { app } = await service();
    const answer = await request(app).get('/wfm/workflow/workspace/%zz/workflow/wf/logs').expect(400);
    expect(answer.body).to.include({ code: 'ERR_LOG_STREAM_PATH', status: 400 });
  });

  for (const path of [logsPath, `${logsPath}/stream`, '/logs/stream', '/healthz']) {
    it(`responds 405 to POST ${path} [R10]`, async () => {
      const { app } = await service();
      const answer = await request(app).post(path).expect(405);
      expect(answer.headers.allow).to.equal('GET, HEAD');
      expect(answer.body).to.include({
        code: 'ERR_LOG_STREAM_METHOD',
        detail: 'method: expected GET or HEAD, got "POST"',
      });
      await request(app).head(path).expect(200);
    });
  }

  it('responds 503 without details while the store fails, and passes one Error object to onError once [R56]', async () => {
    const errors: Error[] = [];
    const store = new FailingStore(new SqliteLogStore({ path: ':memory:' }));
    const { app, router } = await service({ store, onError: (error) => errors.push(error) });
    store.failing = new Error('mongodb://user:password@host is gone');
    for (const path of [logsPath, `${logsPath}/stream`, '/logs/stream?history=3', '/healthz']) {
      const answer = await request(app).get(path).expect(503);
      expect(answer.headers).to.include({ 'content-type': 'application/problem+json', 'retry-after': '5' });
      expect(answer.body).to.include({ code: 'ERR_LOG_STREAM_STORE', detail: 'The log store cannot be read' });
    }
    expect(errors).to.deep.equal([store.failing]);
    expect(router.stats().storeErrors).to.be.at.least(3);
  });

  for (const [how, onError] of [
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
  ] as const) {
    it(`survives an onError that ${how}, and warns of it`, async () => {
      const warned = once(process, 'warning');
      const store = new FailingStore(new SqliteLogStore({ path: ':memory:' }));
      const { app } = await service({ store, onError });
      store.failing = new Error('down');
      await request(app).get(logsPath).expect(503);
      expect((await warned)[0].message).to.equal('log-stream option onError: threw Error');
      store.failing = undefined;
      await request(app).get(logsPath).expect(200);
    });
  }
});

describe('GET …/logs/volume', () => {
  afterEach(stopServices);

  it('the route of the volume returns the number of matching logs by level and time', async () => {
    const { app, store } = await service();
    const at = (second: number) => ({ timestamp: firstTimestamp + second * 1_000 });
    await store.append([
      log('a', { ...at(0), logLevel: 'WARN' }),
      log('b', at(3)),
      log('c', { ...at(14), stageName: 'LOAD' }),
      log('x', { ...at(70), workflowID: 'other' }),
    ]);
    const empty = { DEBUG: [0, 0], ERROR: [0, 0] };
    await request(app)
      .get(`${logsPath}/volume?buckets=2`)
      .expect('Cache-Control', 'no-store')
      .expect(200, {
        from: '2025-09-22T08:54:00.000Z',
        bucketMs: 10_000,
        counts: { ...empty, INFO: [1, 1], WARN: [1, 0] },
      });
    const { body } = await request(app).get(`${logsPath}/volume?stage=LOAD&exclude=zz&exclude=B`).expect(200);
    expect([body.from, body.bucketMs, body.counts.INFO]).to.deep.equal(['2025-09-22T08:54:14.000Z', 1_000, [1]]);
    await request(app)
      .get(`${logsPath}/volume?run=none`)
      .expect(200, {
        from: '1970-01-01T00:00:00.000Z',
        bucketMs: 0,
        counts: { DEBUG: [], INFO: [], WARN: [], ERROR: [] },
      });
  });

  it('the route of the volume refuses invalid parameters, and names them', async () => {
    const { app } = await service();
    for (const [parameter, query] of [
      ['buckets', 'buckets=0'],
      ['from', 'from=2026-01-02&to=2026-01-01'],
      ['stage', `stage=${'x'.repeat(201)}`],
      ['exclude', Array(11).fill('exclude=x').join('&')],
      ['run', 'run=1&run=2'],
    ]) {
      const { body } = await request(app).get(`${logsPath}/volume?${query}`).expect(400);
      expect(body.parameter).to.equal(parameter);
    }
  });
});
