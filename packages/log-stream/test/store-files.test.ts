import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { type LogEntry, SqliteLogStore } from '../src/index.ts';
import { holdTransaction, kill, killChildren } from './support/children.ts';
import { cursorAt, idsOf, readAfter, seqOf } from './support/numbers.ts';
import { eventually, log, logs, messagesOf } from './support/service.ts';

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

describe('the file of SqliteLogStore', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-stream-'));
    path = join(folder, 'logs.db');
  });
  afterEach(async () => {
    await killChildren();
    rmSync(folder, { recursive: true });
  });

  const rejection = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(() => undefined).catch((error) => error);
  const removeAll = () => {
    for (const file of ['', '-wal', '-shm']) rmSync(path + file, { force: true });
  };

  it('the database file is created with mode 0600 under any umask, and so are the files beside it', async () => {
    const umask = process.umask(0);
    const store = new SqliteLogStore({ path });
    await store.append(logs(1));
    process.umask(umask);
    expect(['', '-wal', '-shm'].map((file) => modeOf(path + file))).to.deep.equal(['600', '600', '600']);
    await store.close();
  });

  it('the files beside the database lose rights that the database file does not grant', async () => {
    const holder = await holdTransaction(
      path,
      'PRAGMA journal_mode = WAL; CREATE TABLE other (a); BEGIN; SELECT * FROM other',
    );
    for (const [file, mode] of [
      ['', 0o600],
      ['-wal', 0o644],
      ['-shm', 0o666],
    ] as const)
      chmodSync(path + file, mode);
    const store = new SqliteLogStore({ path });
    expect(['', '-wal', '-shm'].map((file) => modeOf(path + file))).to.deep.equal(['600', '600', '600']);
    await kill(holder);
    await store.close();
  });

  it('a database file that every user of the machine can open causes one warning, and keeps its mode', async () => {
    const warnings: string[] = [];
    const listen = ({ message }: Error) => warnings.push(message);
    process.on('warning', listen);
    writeFileSync(path, '');
    chmodSync(path, 0o644);
    for (let i = 0; i < 2; i++) await new SqliteLogStore({ path }).close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warnings.filter((warning) => warning.startsWith(path))).to.deep.equal([
      `${path}: every user of this machine can open it (mode 644); chmod 600 unless that is intended`,
    ]);
    expect(modeOf(path)).to.equal('644');
  });

  it('the database file may be deleted: reads reject, health names it, and the next append creates it with another epoch', async () => {
    const store = new SqliteLogStore({ path, pollMs: 1 });
    await store.append(logs(3));
    const before = await store.bounds();
    let calls = 0;
    const release = store.subscribe(() => calls++);
    removeAll();
    await eventually(async () => calls > 0);
    const { problem } = await store.health();
    expect(problem?.message).to.equal(`${path}: the file of the log store is missing`);
    expect(await rejection(readAfter(store, 0, {}, 9))).to.equal(problem);
    expect(await rejection(store.bounds())).to.equal(problem);
    await store.append([log('new')]);
    await eventually(async () => (await store.health()).problem === undefined);
    const { epoch, generation } = await store.bounds();
    expect(epoch).to.not.equal(before.epoch);
    expect(generation).to.equal(before.generation + 1);
    expect(messagesOf((await readAfter(store, 0, {}, 9)).logs)).to.deep.equal(['new']);
    expect(modeOf(path)).to.equal('600');
    release();
    await store.close();
  });

  it('the database file may be replaced by another one, which readers and writers then use', async () => {
    const other = new SqliteLogStore({ path: join(folder, 'other.db') });
    await other.append(logs(2, 'other'));
    await other.close();
    const store = new SqliteLogStore({ path, pollMs: 1 });
    await store.append(logs(3));
    const before = await store.bounds();
    renameSync(join(folder, 'other.db'), path);
    await store.append([log('next')]);
    const after = await store.bounds();
    expect([after.epoch === before.epoch, after.generation]).to.deep.equal([false, before.generation + 1]);
    expect(messagesOf((await readAfter(store, 0, {}, 9)).logs)).to.deep.equal(['other0', 'other1', 'next']);
    await store.close();
    const again = new SqliteLogStore({ path });
    expect(messagesOf((await readAfter(again, 0, {}, 9)).logs)).to.deep.equal(['other0', 'other1', 'next']);
    await again.close();
  });

  it('a write-ahead log that is deleted while the database stays is reported, and nothing is read or appended any more', async () => {
    const store = new SqliteLogStore({ path });
    await store.append(logs(3));
    rmSync(`${path}-wal`);
    await eventually(async () => (await store.health()).problem !== undefined);
    const { problem } = await store.health();
    expect(problem?.message).to.equal(
      `${path}-wal: deleted or replaced while the log store was open; end all processes that use it`,
    );
    for (let i = 0; i < 2; i++) {
      expect(await rejection(readAfter(store, 0, {}, 9))).to.equal(problem);
      expect(await rejection(store.append(logs(1)))).to.be.instanceOf(Error);
    }
    await store.close();
    const again = new SqliteLogStore({ path });
    expect(messagesOf((await readAfter(again, 0, {}, 9)).logs)).to.deep.equal(['m0', 'm1', 'm2']);
    await again.close();
  });

  const restores: [how: string, (from: string) => Promise<unknown>][] = [
    [
      'copied to its path while no process had it open',
      async (from) => {
        removeAll();
        copyFileSync(from, path);
      },
    ],
    [
      'written into the open file by SQLite',
      async (from) => {
        const source = new DatabaseSync(from);
        await backup(source, path);
        source.close();
      },
    ],
  ];
  for (const [how, restore] of restores) {
    for (const written of [1, 150]) {
      it(`a backup ${how}, then continued for ${written} logs, assigns no number twice`, async () => {
        const isOpen = how.includes('open file');
        const saved = join(folder, 'saved.db');
        const store = new SqliteLogStore({ path });
        await store.append(logs(100));
        const source = new DatabaseSync(path);
        await backup(source, saved);
        source.close();
        const lost = await store.append(logs(100, 'lost'));
        const before = await store.bounds();
        const position = await store.end({});
        const lostId = store.idOf(position, {}, 'position');
        const keptId = store.idOf(await cursorAt(store, 100), {}, 'position');
        if (!isOpen) await store.close();
        await restore(saved);

        const writer = isOpen ? store : new SqliteLogStore({ path });
        const appended = await writer.append(logs(written, 'new'));
        const used = new Set(lost.map(seqOf));
        expect(appended.map(seqOf).filter((seq) => used.has(seq) || seq <= before.lastSeq)).to.deep.equal([]);
        // A reader who was at the end gets every new log and no other one, and learns that its position is gone.
        const read: LogEntry[] = [];
        let gap: string | undefined;
        for (
          let at = isOpen ? position : await writer.resume(lostId, {}).then(({ cursor }) => cursor), more = true;
          more;
        ) {
          const batch = await writer.read(at, {}, 1_000);
          read.push(...batch.logs);
          gap ??= batch.gap;
          ({ cursor: at, more } = batch);
        }
        expect(messagesOf(read)).to.deep.equal(messagesOf(appended));
        expect(gap).to.equal(isOpen ? 'unknown-id' : undefined);
        expect((await writer.resume(lostId, {})).gap).to.equal('unknown-id');
        expect((await writer.resume(keptId, {})).gap).to.equal(undefined);
        const after = await writer.bounds();
        expect(after.epoch).to.equal(before.epoch);
        if (isOpen) expect(after.generation).to.equal(before.generation + 1);
        await writer.close();
      });
    }
  }

  it('a position in front of deleted logs is still known: only a position that no log ever had is unknown', async () => {
    const store = new SqliteLogStore({ path, maxLogs: 2 });
    await store.append(logs(5));
    const ids = await idsOf(store);
    const wf = { workspaceID: 'ws', workflowID: 'wf' };
    const resumes = await Promise.all([0, 1, 3, 4, 5, 6].map((seq) => store.resume(ids.encode(seq), wf)));
    const found = resumes.map(({ gap }) => gap === undefined);
    expect(found).to.deep.equal([true, true, true, true, true, false]);
    await store.close();
  });

  it('the write-ahead log causes a warning when a stopped reader lets it grow, and shrinks after that', async () => {
    const warnings: string[] = [];
    const listen = ({ message }: Error) => warnings.push(message);
    process.on('warning', listen);
    const store = new SqliteLogStore({ path });
    await store.append(logs(1));
    const holder = await holdTransaction(path, 'BEGIN; SELECT count(*) FROM logs');
    holder.kill('SIGSTOP');
    const large = logs(20, 'x'.repeat(900_000));
    await store.append(large);
    await eventually(async () => {
      await store.append(large);
      return warnings.length > 0;
    });
    process.off('warning', listen);
    expect(warnings[0]).to.match(
      /: the write-ahead log has grown to \d+ MiB; a process that reads the log store may be stopped$/,
    );
    const { figures } = await store.health();
    expect(figures.walBytes).to.be.above(64 * 1024 * 1024);
    await kill(holder);
    for (let i = 0; i < 3; i++) await store.append(logs(1));
    expect((await store.health()).figures.walBytes).to.be.at.most(64 * 1024 * 1024);
    await store.close();
  });
});
