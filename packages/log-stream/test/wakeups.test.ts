import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type LogCursor, SqliteLogStore } from '../src/index.ts';
import { killChildren, startScript } from './support/children.ts';
import { cursorAt } from './support/numbers.ts';
import { log, logs, messagesOf } from './support/service.ts';

const never = 2 ** 31 - 1;

describe('the wake-ups of SqliteLogStore', () => {
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

  /** Follows the store by its wake-ups alone until `count` logs have been received. */
  async function follow(store: SqliteLogStore, count: number) {
    const messages: (string | undefined)[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let position: LogCursor = await cursorAt(store, 0);
    let reading = Promise.resolve();
    const release = store.subscribe(() => {
      reading = reading.then(async () => {
        const batch = await store.read(position, {}, 1_000);
        position = batch.cursor;
        messages.push(...messagesOf(batch.logs));
        if (messages.length >= count) resolve();
      }, reject);
    });
    await promise;
    release();
    return messages;
  }

  it('SqliteLogStore notices every write of another process without polling', async () => {
    const store = new SqliteLogStore({ path, pollMs: never });
    await store.append([log('first')]);
    const following = follow(store, 301);
    startScript('appender.ts', [path, 'child', '300']);
    const expected = ['first', ...logs(300, 'child').map(({ message }) => message)];
    expect(await following).to.deep.equal(expected);
    await store.close();
  });

  it('SqliteLogStore notices within a second that its file is gone, however rarely it polls', async () => {
    const store = new SqliteLogStore({ path, pollMs: never });
    await store.append([log('first')]);
    const { promise, resolve } = Promise.withResolvers<void>();
    const release = store.subscribe(resolve);
    for (const file of ['', '-wal', '-shm']) rmSync(path + file);
    await promise;
    release();
    await store.close();
  });

  it('SqliteLogStore notices writes to a file that has replaced the one it watched', async () => {
    const store = new SqliteLogStore({ path, pollMs: 1 });
    await store.append([log('first')]);
    const generation = Promise.withResolvers<void>();
    const release = store.subscribe(() => {
      void store.bounds().then(
        ({ generation: now }) => now === 1 && generation.resolve(),
        () => {},
      );
    });
    for (const file of ['', '-wal', '-shm']) rmSync(path + file);
    startScript('appender.ts', [path, 'child', 'forever']);
    await generation.promise;
    release();
    await follow(store, 3);
    await store.close();
  });
});
