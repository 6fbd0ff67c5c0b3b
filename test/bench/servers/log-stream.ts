// The built @datashop/log-stream with its features on. Flag: where the logs are, in a list (`memory`) or in `sqlite`.
import { type LogDocument, logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import express from 'express';
import { MemoryLogStore } from './memory-log-store.ts';
import { serve, upstream } from './serve.ts';
import { readSource } from './source.ts';

// In memory as well: all servers have the same source, and a disk's speed says nothing about the server.
const store = process.argv.includes('sqlite') ? new SqliteLogStore({ path: ':memory:' }) : new MemoryLogStore();
readSource(upstream, (event) => {
  const log = JSON.parse(event.slice(event.indexOf('data: ') + 6)) as LogDocument;
  void store.append([log]);
});
const app = express();
app.use(logStreamRouter({ store, token: false }));
serve(app);
