import { expect } from 'chai';
import request from 'supertest';
import { matcherOf } from '../src/filter.ts';
import { type LogPage, type LogQuery, SqliteLogStore } from '../src/index.ts';
import { SqliteCursor } from '../src/stores/sqlite/cursor.ts';
import { eventually, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams } from './support/sse.ts';
import { CountingStore } from './support/stores.ts';

/** Holds queries back, and knows which were aborted. */
class HeldStore extends CountingStore {
  readonly signals: AbortSignal[] = [];
  readonly #gate = Promise.withResolvers<void>();

  override async query(query: LogQuery): Promise<LogPage> {
    if (query.signal) this.signals.push(query.signal);
    await this.#gate.promise;
    return super.query(query);
  }

  release(): void {
    this.#gate.resolve();
  }
}

/** Most CPU time, in milliseconds, that one turn of the event loop takes while `work` runs. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isRunning = true;
  let last = process.cpuUsage();
  const turn = () => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1_000);
    last = process.cpuUsage();
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isRunning = false;
  return longest;
}

describe('searches and large pages', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  it('refuses a search of more than 200 characters for pages and streams', async () => {
    const { app } = await service();
    for (const path of [logsPath, `${logsPath}/stream`, '/logs/stream']) {
      const { body } = await request(app)
        .get(`${path}?search=${'x'.repeat(201)}`)
        .expect(400);
      expect(body).to.include({ parameter: 'search', code: 'ERR_LOG_STREAM_PARAMETER' });
      expect(body.detail).to.match(/^search: expected at most 200 characters, got "x+…?/);
    }
    await request(app)
      .get(`${logsPath}?search=${'x'.repeat(200)}`)
      .expect(200);
  });

  it('a page of large logs ends early, and its cursor continues exactly', async () => {
    const { app, store } = await service();
    await store.append(logs(50, 'm', { description: 'x'.repeat(50_000) }));
    const seen: string[] = [];
    let pages = 0;
    for (let cursor = ''; ; pages++) {
      const { body } = await request(app).get(`${logsPath}?order=asc&limit=500&cursor=${cursor}`).expect(200);
      expect(body.logs.length).to.be.within(1, 21);
      expect([body.total, body.gap]).to.deep.equal([50, null]);
      seen.push(...body.logs.map(({ message }: { message: string }) => message));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor;
    }
    expect(seen).to.deep.equal(logs(50).map(({ message }) => message));
    expect(pages).to.equal(2);
  });

  it('stops a query whose client has left, and frees its place in limits.pages', async () => {
    const store = new HeldStore(new SqliteLogStore({ path: ':memory:' }));
    const { url, app } = await service({ store, limits: { pages: 2 } });
    const clients = [new AbortController(), new AbortController()];
    const left = clients.map(({ signal }) => fetch(url + logsPath, { signal }).catch(() => 'left'));
    await eventually(() => store.signals.length === 2);
    const { body, headers } = await request(app).get(logsPath).expect(503);
    expect([body.code, headers['retry-after']]).to.deep.equal(['ERR_LOG_STREAM_LIMIT', '5']);
    for (const client of clients) client.abort();
    await Promise.all(left);
    await eventually(() => store.signals.every(({ aborted }) => aborted));
    store.release();
    await eventually(async () => (await request(app).get(logsPath)).status === 200);
  });

  it('a search that is aborted reads no further', async () => {
    const store = new SqliteLogStore({ path: ':memory:' });
    await store.append(logs(3_000, 'm', { description: 'x'.repeat(8_000) }));
    const client = new AbortController();
    const query = store.query({ filter: { search: 'nothing' }, order: 'asc', limit: 50, signal: client.signal });
    const ended = query.then(
      () => 'found',
      (error: Error) => error.name,
    );
    await new Promise((resolve) => setImmediate(resolve));
    client.abort();
    expect(await ended).to.equal('AbortError');
    await store.close();
  });

  it('a thousand streams with searches of their own share the folded text of a new log', async () => {
    const cursor = new SqliteCursor({ epoch: 'e', generation: 0 }, 1);
    const entries = logs(64, 'm', { description: 'Ab'.repeat(500) }).map((document) => ({ cursor, log: document }));
    const searches = Array.from({ length: 1_000 }, (_, i) => matcherOf({ search: `m63${i === 0 ? '' : i}` }));
    const folded = { toLowerCase: 0 };
    const { toLowerCase } = String.prototype;
    String.prototype.toLowerCase = function (this: string) {
      folded.toLowerCase++;
      return toLowerCase.call(this);
    };
    const found = searches.map((matches) => entries.filter(matches).length);
    String.prototype.toLowerCase = toLowerCase;
    expect(found.reduce((sum, count) => sum + count)).to.equal(1);
    expect(folded.toLowerCase).to.equal(64);
  });

  for (const [what, needle] of [
    ['at whose every character the text begins like them', `${'a'.repeat(199)}b`],
    ['that match every log', 'a'],
  ] as const) {
    it(`many simultaneous searches of a large store ${what} take short turns of the event loop`, async () => {
      const store = new SqliteLogStore({ path: ':memory:' });
      for (let i = 0; i < 3; i++) await store.append(logs(500, 'm', { description: 'a'.repeat(4_000) }));
      await store.append([log('large', { description: 'a'.repeat(900_000) })]);
      const search = () => store.query({ filter: { search: needle }, order: 'desc', limit: 500 });
      await search();
      // 6 MB of text, dozens of slices, are searched 20 times; 20 slices in one turn would take 200 ms.
      const longest = await longestTurn(() => Promise.all(Array.from({ length: 20 }, search)));
      expect(longest).to.be.below(75);
      await store.close();
    });
  }
});
