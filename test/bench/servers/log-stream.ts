// The built @datashop/log-stream with its features on. Flag: where the logs are, `memory` or `sqlite`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LogDocument, type LogStore, logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import express from 'express';
import { MemoryLogStore } from './memory-log-store.ts';
import { serve, upstream } from './serve.ts';
import { readSource } from './source.ts';

function sqliteStore(): LogStore {
  const folder = mkdtempSync(join(tmpdir(), 'log-bench-'));
  const store = new SqliteLogStore({ path: join(folder, 'logs.db') });
  // This process is killed at the end of its round. The open files stay usable until then.
  rmSync(folder, { recursive: true });
  return store;
}

const store = process.argv.includes('sqlite') ? sqliteStore() : new MemoryLogStore();
readSource(upstream, (event) => {
  const log = JSON.parse(event.slice(event.indexOf('data: ') + 6)) as LogDocument;
  void store.append([log]);
});
const app = express();
app.use(logStreamRouter({ store, token: false }));
serve(app);
