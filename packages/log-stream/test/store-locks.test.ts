import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { skip } from '../../../test/support/needs.ts';
import { SqliteLogStore } from '../src/index.ts';
import { retryWhileBusy } from '../src/stores/sqlite/retry.ts';
import { holdTransaction, kill, killChildren, startScript } from './support/children.ts';
import { readAfter } from './support/numbers.ts';
import { log, logs, messagesOf } from './support/service.ts';

const isRoot = process.getuid?.() === 0;
/** A user who may only read: another one, or without root's rights this one, after giving up the right to write. */
const otherUser = isRoot ? ['65534'] : [];

describe('SqliteLogStore and the locks and rights of other processes', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
    path = join(folder, 'logs.db');
  });
  afterEach(async () => {
    await killChildren();
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });

  it('appends wait for the write lock of another process in their order, while the event loop runs', async () => {
    const store = new SqliteLogStore({ path });
    const holder = await holdTransaction(path, 'BEGIN IMMEDIATE');
    let settled = false;
    const appends = [store.append([log('one')]), store.append([log('two')])];
    void Promise.race(appends).finally(() => {
      settled = true;
    });
    for (let turn = 0; turn < 50; turn++) await delay(1);
    expect(settled).to.equal(false);
    const changed = log('three');
    const third = store.append([changed]);
    changed.message = 'changed by the caller meanwhile';
    await kill(holder);
    await Promise.all([...appends, third]);
    expect(messagesOf((await readAfter(store, 0, {}, 9)).logs)).to.deep.equal(['one', 'two', 'three']);
    await store.close();
  });

  it('close() resolves after the appends that wait for a lock', async () => {
    const store = new SqliteLogStore({ path });
    const holder = await holdTransaction(path, 'BEGIN IMMEDIATE');
    const appended = store.append([log('late')]);
    const closed = store.close();
    await kill(holder);
    expect(await appended).to.have.length(1);
    await closed;
  });

  it('gives up on a lock of the database after a time, and passes other errors on at once', async () => {
    await new SqliteLogStore({ path }).close();
    await holdTransaction(path, 'BEGIN IMMEDIATE');
    const db = new DatabaseSync(path);
    const thrown = await retryWhileBusy(() => db.exec('BEGIN IMMEDIATE'), 20).catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(Error).with.property('message', 'database is locked');
    let calls = 0;
    const other = await retryWhileBusy(() => {
      calls++;
      db.exec('no SQL');
    }).catch((error: unknown) => error);
    expect(other).to.be.instanceOf(Error);
    expect(calls).to.equal(1);
    db.close();
  });

  it('opens and reads a store while another process holds the write lock', async () => {
    const writer = new SqliteLogStore({ path });
    await writer.append(logs(3));
    await holdTransaction(path, 'BEGIN IMMEDIATE');
    const store = new SqliteLogStore({ path });
    expect(messagesOf((await readAfter(store, 0, {}, 9)).logs)).to.deep.equal(['m0', 'm1', 'm2']);
    expect((await store.health()).problem).to.equal(undefined);
    await Promise.all([store.close(), writer.close()]);
  });

  it('opens a new file that another process has locked, and creates the tables once it can', async () => {
    const holder = await holdTransaction(path, 'PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; CREATE TABLE other (a)');
    const store = new SqliteLogStore({ path });
    const appended = store.append([log('one')]);
    const read = readAfter(store, 0, {}, 9);
    await kill(holder);
    await appended;
    expect(messagesOf((await read).logs)).to.be.deep.oneOf([[], ['one']]);
    expect(messagesOf((await readAfter(store, 0, {}, 9)).logs)).to.deep.equal(['one']);
    await store.close();
  });

  const readAsOther = async () => JSON.parse(await text(startScript('rows.ts', [path, ...otherUser]).stdout));

  it('reads a file and a folder that it may not write, without a writer', async () => {
    const store = new SqliteLogStore({ path });
    await store.append(logs(2));
    await store.close();
    chmodSync(path, 0o444);
    chmodSync(folder, 0o555);
    expect(await readAsOther()).to.deep.equal(['m0', 'm1']);
  });

  it('reads a file that it may not write, beside a writer', async function () {
    if (!isRoot) skip(this, 'only root can start a process of another user');
    const store = new SqliteLogStore({ path });
    await store.append(logs(2));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) chmodSync(file, 0o444);
    chmodSync(folder, 0o555);
    expect(await readAsOther()).to.deep.equal(['m0', 'm1']);
    await store.append(logs(1, 'next'));
    expect(await readAsOther()).to.deep.equal(['m0', 'm1', 'next0']);
    await store.close();
  });

  it('a reader without the right to write rejects an append, and follows a file that it opened without a writer', async () => {
    const first = new SqliteLogStore({ path });
    await first.append(logs(2));
    await first.close();
    // What a file system without the right to write does to SQLite, in this process.
    const { Connection } = await import('../src/stores/sqlite/connection.ts');
    const connection = new Connection(path, 0, true);
    expect(connection.snapshot((it) => it.bounds()).lastSeq).to.equal(2);
    expect(connection.isCurrent()).to.equal(true);
    expect(() => connection.db.exec('DELETE FROM logs')).to.throw('readonly database');
    const writer = new SqliteLogStore({ path });
    await writer.append(logs(1, 'next'));
    expect(connection.isCurrent()).to.equal(false);
    await writer.close();
    expect(connection.isCurrent()).to.equal(false);
    connection.close();
  });
});
