import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { type LogCursor, type LogFilter, SqliteLogStore } from '../src/index.ts';
import { cursorAt, readAfter, withSeqs } from './support/numbers.ts';
import { eventually, log, logs, logsPath, messagesOf, service, stopServices } from './support/service.ts';
import { leaveStreams, openStream } from './support/sse.ts';

const wf = { workspaceID: 'ws', workflowID: 'wf' };

describe('SqliteLogStore and what its file should not contain', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
    path = join(folder, 'logs.db');
  });
  afterEach(async () => {
    leaveStreams();
    await stopServices();
    rmSync(folder, { recursive: true });
  });

  const rejection = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(() => undefined).catch((error) => error);
  const execute = (sql: string) => {
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
  };

  it('rejects a log over maxLogBytes, names the bound and the size, and stores nothing of that append', async () => {
    const store = new SqliteLogStore({ path });
    const fits = log('ü'.repeat((1_000_000 - JSON.stringify(log('')).length) / 2));
    const size = Buffer.byteLength(JSON.stringify(fits));
    expect(size).to.be.within(999_999, 1_000_000);
    await store.append([fits]);
    const error = await rejection(store.append([log('small'), log(`${fits.message}ü`)]));
    expect(error).to.be.instanceOf(Error).with.property('code', 'ERR_LOG_STREAM_DOCUMENT');
    expect(String(error)).to.include(
      `log: expected at most 1000000 bytes of JSON (option maxLogBytes), got ${size + 2} bytes`,
    );
    expect((await store.health()).figures.logs).to.equal(1);
    await store.close();
  });

  const damages: [what: string, document: string, gap: string][] = [
    ['text that is no JSON', `'no JSON'`, 'unreadable'],
    ['an empty text', `''`, 'unreadable'],
    ['JSON of a number', `'7'`, 'unreadable'],
    ['JSON null', `'null'`, 'unreadable'],
    ['JSON without meta', `'{"message":"a"}'`, 'unreadable'],
    ['JSON with a level that does not exist', `replace(document, '"INFO"', '"LOUD"')`, 'unreadable'],
    ['a blob', `x'ff00'`, 'unreadable'],
    ['a log over maxLogBytes', `replace(document, 'm1', hex(zeroblob(1000000)))`, 'event-too-large'],
  ];
  for (const [what, document, gap] of damages) {
    it(`delivers a gap in the place of ${what}, to its workflow only, and counts it`, async () => {
      const store = new SqliteLogStore({ path });
      await store.append(logs(3));
      execute(`UPDATE logs SET document = ${document} WHERE seq = 2`);
      const expected = [
        { seq: 1, log: log('m0') },
        { seq: 2, gap, ...wf },
        { seq: 3, log: log('m2') },
      ];
      for (const filter of [{}, wf, { ...wf, levels: ['INFO'], search: 'M' } as const]) {
        const read: unknown[] = [];
        // A read that filters ends after a time.
        for (let position: LogCursor = await cursorAt(store, 0), more = true; more; ) {
          const batch = await store.read(position, filter, 9);
          read.push(...withSeqs(batch.logs));
          ({ cursor: position, more } = batch);
        }
        expect(read).to.deep.equal(expected);
        expect(withSeqs((await store.query({ filter, order: 'asc', limit: 9 })).logs)).to.deep.equal(expected);
      }
      expect((await readAfter(store, 0, { ...wf, workflowID: 'other' }, 9)).logs).to.deep.equal([]);
      const { problem, figures } = await store.health();
      expect([problem, figures.damagedLogs]).to.deep.equal([undefined, 1]);
      await store.close();
    });
  }

  it('a stream goes on behind a damaged log, live and after a resume, and never ends for it [R34]', async () => {
    const errors: Error[] = [];
    const store = new SqliteLogStore({ path });
    const { url, app } = await service({ store, onError: (error) => errors.push(error) });
    await store.append(logs(1));
    const elsewhere = await openStream(`${url}${logsPath.replace('/wf/', '/other/')}/stream?history=9`);
    await store.append(logs(2, 'more'));
    execute(`UPDATE logs SET document = 'no JSON' WHERE seq = 2`);
    const stream = await openStream(`${url}${logsPath}/stream?history=9`);
    await stream.untilMessage('more1');
    execute(`INSERT INTO logs (workspace, workflow, level, at, haystack, document) VALUES ('ws', 'wf', 2, 0, '', '{')`);
    await store.append([log('end'), log('end', { workflowID: 'other' })]);
    await stream.untilMessage('end');
    await elsewhere.untilMessage('end');
    expect(stream.messages).to.deep.equal(['m0', 'more1', 'end']);
    expect(stream.text.match(/"reason":"unreadable"/g)).to.have.length(2);
    expect(elsewhere.text).to.not.include('unreadable');
    expect(errors).to.deep.equal([]);
    const { default: request } = await import('supertest');
    const page = await request(app).get(`${logsPath}?order=asc&limit=2`).expect(200);
    expect(page.body.logs.map(({ message }: { message: string }) => message)).to.deep.equal(['m0']);
    const next = await request(app).get(`${logsPath}?order=asc&limit=9&cursor=${page.body.nextCursor}`).expect(200);
    expect(next.body.logs.map(({ message }: { message: string }) => message)).to.deep.equal(['more1', 'end']);
  });

  it('health finds damage on the disk that SQLite does not see in its memory', async () => {
    const store = new SqliteLogStore({ path });
    await store.append(logs(50));
    expect((await store.health()).problem).to.equal(undefined);
    const checkpoint = new DatabaseSync(path);
    checkpoint.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    checkpoint.close();
    writeFileSync(path, Buffer.alloc(readFileSync(path).length, 0xff));
    let problem: Error | undefined;
    await eventually(async () => {
      ({ problem } = await store.health());
      return problem !== undefined;
    });
    expect(problem?.message).to.equal('file is not a database');
    await store.close();
  });

  it('stays healthy when a caller passes a value that SQLite can not bind', async () => {
    const store = new SqliteLogStore({ path: ':memory:' });
    await store.append(logs(3));
    const unbindable = { ...wf, fromMs: Symbol('no SQL value') } as unknown as LogFilter;
    const error = await rejection(readAfter(store, 0, unbindable, 9));
    expect(error).to.be.instanceOf(TypeError);
    expect((await store.health()).problem).to.equal(undefined);
    expect(messagesOf((await readAfter(store, 0, wf, 9)).logs)).to.deep.equal(['m0', 'm1', 'm2']);
    await store.close();
  });

  it('refuses a file with a table of the same name that another program has created', async () => {
    execute('CREATE TABLE logs (a)');
    expect(() => new SqliteLogStore({ path })).to.throw('The database has a table "logs" of another version of');
  });

  it('corrupt pages are one error however many reads touch them, and health recovers with the file', async () => {
    const first = new SqliteLogStore({ path });
    for (let i = 0; i < 20; i++) await first.append(logs(50, `${i}-`));
    await first.close();
    const intact = readFileSync(path);
    const corrupt = Buffer.from(intact);
    // The first page has the schema; the last ones what was written last.
    corrupt.fill(0xff, (3 * intact.length) / 8, (5 * intact.length) / 8);
    writeFileSync(path, corrupt);

    const store = new SqliteLogStore({ path });
    const readAll = async () => {
      for (let batch = await readAfter(store, 0, {}, 50); batch.more; ) batch = await store.read(batch.cursor, {}, 50);
    };
    const errors = await Promise.all([1, 2, 3].map(() => rejection(readAll())));
    expect(errors[0]).to.be.instanceOf(Error).with.property('message', 'database disk image is malformed');
    expect(new Set(errors).size).to.equal(1);
    expect((await store.health()).problem).to.equal(errors[0]);
    expect(await rejection(store.bounds())).to.equal(errors[0]);

    writeFileSync(path, intact);
    await eventually(async () => (await store.health()).problem === undefined);
    await readAll();
    expect((await store.bounds()).firstSeq).to.equal(1);
    await store.close();
  });
});
