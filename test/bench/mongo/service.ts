// The service under test, in a process of its own. Arguments: URI, collection. Sends the URL of a stream to its parent.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { logStreamRouter } from '../../../packages/log-stream/src/index.ts';
import { MongoLogStore } from '../../../packages/log-stream/src/stores/mongo/index.ts';

const [uri = '', collection = ''] = process.argv.slice(2);
const store = new MongoLogStore({ server: uri, collection });
await store.ensureIndexes();
const router = logStreamRouter({ store, token: false });
const server = createServer(express().use(router)).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
process.send?.(`http://127.0.0.1:${port}/wfm/workflow/workspace/ws/workflow/wf/logs/stream`);
