// A log service over MongoDB in a process of its own. Environment: PORT, MONGODB_URI with the database, and COLLECTION.
import express from 'express';
import { logStreamRouter } from '../../../packages/log-stream/src/index.ts';
import { MongoLogStore } from '../../../packages/log-stream/src/stores/mongo/index.ts';

const { PORT, MONGODB_URI: server = '', COLLECTION: collection = '' } = process.env;
const store = new MongoLogStore({ server, collection, pollMs: 100 });
const router = logStreamRouter({ store, token: false, retryMs: 50, onError: () => {} });
express().use(router).listen(Number(PORT), '127.0.0.1');
