import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteLogStore } from '../../src/index.ts';
import type { Stage, Subject } from './stage.ts';

/** One file. Its numbers are given in the order of commits, so that nothing is ever late. */
export const sqlite: Subject = {
  name: 'SQLite',
  missing: () => undefined,
  async stage(): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'log-stream-contract-'));
    const path = join(folder, 'logs.db');
    const writer = new SqliteLogStore({ path });
    const stores: SqliteLogStore[] = [writer];
    const write = async (logs: Parameters<SqliteLogStore['append']>[0]) => void (await writer.append(logs));
    return {
      async open() {
        const store = new SqliteLogStore({ path, pollMs: 5 });
        stores.push(store);
        return store;
      },
      write,
      writeLate: write,
      writeUnordered: write,
      async deleteOldest(count) {
        const database = new DatabaseSync(path);
        database.prepare('DELETE FROM logs WHERE seq IN (SELECT seq FROM logs ORDER BY seq LIMIT ?)').run(count);
        database.close();
      },
      async close() {
        for (const store of stores) await store.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};
