import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import request from 'supertest';
import { createLogDocument, SqliteLogStore } from '../src/index.ts';
import { unwatchIntervals, watchIntervals } from './support/intervals.ts';
import { epochOf, idsOf, readAfter, seqOf, withSeqs } from './support/numbers.ts';
import { defaultRun, log, logs, logsPath, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('SqliteLogStore', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
    path = join(folder, 'logs.db');
  });
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    unwatchIntervals();
    rmSync(folder, { recursive: true });
  });

  it('SqliteLogStore numbers logs in order and returns them unchanged', async () => {
    const store = new SqliteLogStore({ path });
    const [first] = await store.append([]);
    expect(first).to.equal(undefined);
    const made = [log('a'), log('\0\ud800 ü 🎉\u2028', { description: "'; --" })];
    expect((await store.append(made)).map(seqOf)).to.deep.equal([1, 2]);
    const { logs: read, cursor, ...rest } = await readAfter(store, 0, {}, 10);
    expect(withSeqs(read)).to.deep.equal([
      { seq: 1, log: made[0] },
      { seq: 2, log: made[1] },
    ]);
    expect([seqOf({ cursor }), rest]).to.deep.equal([2, { more: false }]);
    await store.close();
  });

  it('a search for lone surrogates and NUL matches the same logs in SQL and in the live stream', async () => {
    const { url, store } = await service({ store: new SqliteLogStore({ path }) });
    const query = `${logsPath}/stream?search=${encodeURIComponent('\ufffdX')}`;
    const live = await openStream(url + query);
    await live.until((text) => text.includes('id: '));
    await store.append([log('one', { description: 'a\0b\ud800x' }), log('two', { description: '\ud800y' })]);
    await live.untilMessage('one');
    const past = await openStream(`${url}${query}&history=9`);
    await past.untilMessage('one');
    expect([live.messages, past.messages]).to.deep.equal([['one'], ['one']]);
  });

  it('SqliteLogStore keeps its epoch and numbers over a restart, so that readers resume exactly', async () => {
    const before = await service({ store: new SqliteLogStore({ path }) });
    const epoch = await epochOf(before.store);
    await before.store.append(logs(3));
    const stream = await openStream(`${before.url}${logsPath}/stream?history=9`);
    await stream.untilMessage('m2');
    const { body } = await request(before.app).get(`${logsPath}?limit=1`);
    await stopServices();
    expect(await stream.untilEnd()).to.equal('end');

    const after = await service({ store: new SqliteLogStore({ path }) });
    expect(await epochOf(after.store)).to.equal(epoch);
    const [stored] = await after.store.append([log('m3')]);
    const resumed = await openStream(`${after.url}${logsPath}/stream`, { lastEventId: stream.lastId });
    await resumed.untilMessage('m3');
    const id = (await idsOf(after.store)).encode(stored ? seqOf(stored) : 0);
    expect(resumed.events.map((event) => [event.id, event.log.message])).to.deep.equal([[id, 'm3']]);
    const page = await request(after.app).get(`${logsPath}?limit=1&cursor=${body.nextCursor}`).expect(200);
    expect(page.body.logs[0].message).to.equal('m1');
  });

  it('creates database, -wal and -shm files that only their owner can read', async () => {
    const store = new SqliteLogStore({ path });
    await store.append(logs(1));
    const modes = readdirSync(folder).map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]);
    expect(modes).to.deep.equal([
      ['logs.db', '600'],
      ['logs.db-shm', '600'],
      ['logs.db-wal', '600'],
    ]);
    await store.close();
  });

  it('keeps the mode of a database file that exists, and gives it to the files beside it', async () => {
    writeFileSync(path, '');
    chmodSync(path, 0o640);
    const store = new SqliteLogStore({ path });
    await store.append(logs(1));
    const modes = readdirSync(folder).map((name) => (statSync(join(folder, name)).mode & 0o777).toString(8));
    expect(modes).to.deep.equal(['640', '640', '640']);
    await store.close();
  });

  it('takes a path that begins with file: for a file name, not for a URI with options of SQLite', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      await new SqliteLogStore({ path: 'file:odd.db?mode=memory' }).close();
      expect(readdirSync(folder)).to.include('file:odd.db?mode=memory');
    } finally {
      process.chdir(before);
    }
  });

  it('SqliteLogStore has a different epoch in each file', async () => {
    const stores = [new SqliteLogStore({ path }), new SqliteLogStore({ path: ':memory:' })];
    const [one, two] = await Promise.all(stores.map(epochOf));
    expect(one)
      .to.match(/^[0-9a-f]{16}$/)
      .and.not.equal(two);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('SqliteLogStore keeps the newest maxLogs and never assigns a number twice', async () => {
    const store = new SqliteLogStore({ path, maxLogs: 5 });
    for (let i = 0; i < 4; i++) await store.append(logs(3, `${i}-`));
    const { logs: kept, total } = await store.query({ filter: {}, order: 'asc', limit: 9 });
    expect(kept.map(seqOf)).to.deep.equal([8, 9, 10, 11, 12]);
    expect(total).to.equal(5);
    await store.append(logs(20, 'flood'));
    expect(await store.bounds()).to.include({ firstSeq: 28, lastSeq: 32 });
    await store.close();

    const db = new DatabaseSync(path);
    db.exec('DELETE FROM logs');
    db.close();
    const again = new SqliteLogStore({ path });
    expect(await again.bounds()).to.include({ firstSeq: 33, lastSeq: 32 });
    const { cursor, ...read } = await readAfter(again, 30, {}, 5);
    expect([seqOf({ cursor }), read]).to.deep.equal([32, { logs: [], more: false, gap: 'trimmed' }]);
    expect((await again.append([log('next')])).map(seqOf)[0]).to.be.above(32);
    await again.close();
  });

  it('one read of SqliteLogStore is bounded in rows and in characters', async () => {
    const store = new SqliteLogStore({ path });
    await store.append(logs(6_000));
    await store.append([log('needle')]);
    const first = await readAfter(store, 0, { search: 'needle' }, 10);
    expect(first.logs).to.have.length(0);
    expect(seqOf(first)).to.be.within(1, 6_000);
    let { cursor, more, logs: found } = first;
    while (more) ({ cursor, more, logs: found } = await store.read(cursor, { search: 'needle' }, 10));
    expect(found.map(seqOf)).to.deep.equal([6_001]);
    const page = { filter: { search: 'needle' }, limit: 10 };
    for (const order of ['asc', 'desc'] as const) {
      expect((await store.query({ ...page, order })).logs.map(seqOf)).to.deep.equal([6_001]);
    }

    await store.append(logs(10, 'x'.repeat(12_000)));
    const big = await readAfter(store, 6_001, {}, 10);
    expect(big.logs).to.have.length(3);
    expect(seqOf(big)).to.equal(6_004);
    await store.close();
  });

  it('SqliteLogStore counts and pages by its index, without a sort', async () => {
    const store = new SqliteLogStore({ path });
    const db = new DatabaseSync(path);
    const plan = db
      .prepare(
        'EXPLAIN QUERY PLAN SELECT count(*) FROM logs WHERE workspace = ? AND workflow = ? AND seq > ? AND (level & ?) != 0 AND at < ? ORDER BY seq',
      )
      .all()
      .map((row) => String(row.detail));
    expect(plan).to.deep.equal(['SEARCH logs USING COVERING INDEX logs_scope (workspace=? AND workflow=? AND seq>?)']);
    db.close();
    await store.close();
  });

  it('SqliteLogStore polls for writes of other processes only while there is a subscription', async () => {
    const intervals = watchIntervals();
    const store = new SqliteLogStore({ path, pollMs: 1 });
    expect(intervals.size).to.equal(0);
    const other = new SqliteLogStore({ path });
    let calls = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const release = [
      store.subscribe(() => {
        calls++;
      }),
      store.subscribe(resolve),
    ];
    await store.append([log('own')]);
    expect(calls).to.equal(1);
    await promise;
    const foreign = Promise.withResolvers<void>();
    release.push(store.subscribe(foreign.resolve));
    await other.append([log('foreign')]);
    await foreign.promise;
    expect(calls).to.equal(2);
    for (const end of [...release, ...release]) end();
    await store.append([log('unheard')]);
    expect(calls).to.equal(2);
    expect(intervals.size).to.equal(0);
    await Promise.all([store.close(), other.close()]);
  });

  it('SqliteLogStore stores all logs of one append, or none', async () => {
    const store = new SqliteLogStore({ path });
    const db = new DatabaseSync(path);
    db.exec(
      "CREATE TRIGGER bad BEFORE INSERT ON logs WHEN NEW.document LIKE '%poison%' BEGIN SELECT RAISE(ABORT, 'poisoned'); END",
    );
    db.close();
    expect(await rejection(store.append([log('good'), log('poison')])))
      .to.be.instanceOf(Error)
      .with.property('message', 'poisoned');
    expect((await store.bounds()).lastSeq).to.equal(0);
    const [good] = await store.append([log('good')]);
    expect(withSeqs((await readAfter(store, 0, {}, 9)).logs)).to.deep.equal(withSeqs(good ? [good] : []));
    await store.close();
  });

  it('SqliteLogStore rejects every call after close(), which may be called twice', async () => {
    const store = new SqliteLogStore({ path });
    const start = await store.end({});
    await store.close();
    await store.close();
    for (const late of [
      store.bounds(),
      store.append([log('x')]),
      store.read(start, {}, 1),
      store.query({ filter: {}, order: 'asc', limit: 1 }),
    ]) {
      expect(await rejection(late))
        .to.be.instanceOf(Error)
        .with.property('message', 'The log store is closed');
    }
  });

  it('the examples in the doc comments of SqliteLogStore and createLogDocument run', async () => {
    const store = new SqliteLogStore({ path });
    await store.append([createLogDocument({ message: 'Started', stageName: 'EXTRACT', ...defaultRun })]);
    await store.append([
      createLogDocument({ message: 'Loaded 1,204 rows', stageName: 'LOAD', durationMs: 3_250, ...defaultRun }),
    ]);
    expect((await store.bounds()).lastSeq).to.equal(2);
    await store.close();
  });
});
