import type { LogStore } from '../log-store.ts';
import { SqliteLogStore } from '../stores/sqlite/store.ts';
import type { MongoSettings, Settings } from './settings.ts';

/** @throws Error whose message names the variable at fault, if the store can't be opened */
export async function openStore({ store, pollMs }: Settings): Promise<LogStore> {
  if (store.kind === 'mongodb') return named('MONGODB_URI', () => openMongo(store, pollMs));
  return named(`SQLITE_PATH ${store.path}`, async () => new SqliteLogStore({ path: store.path, pollMs }));
}

async function openMongo({ uri, collection, redisUrl, createIndex }: MongoSettings, pollMs: number | undefined) {
  const { MongoLogStore, RedisWakeups } = await driver(() => import('../stores/mongo/index.ts'), 'mongodb');
  // The wake-ups import it later, when nobody would see that it is missing.
  if (redisUrl !== undefined) await driver(() => import('redis'), 'redis');
  const wakeups = redisUrl === undefined ? undefined : new RedisWakeups({ url: redisUrl });
  const store = new MongoLogStore({ server: uri, collection, pollMs, wakeups });
  if (createIndex) await ensureIndexes(store, collection);
  return store;
}

/** Logs are served without the index too: then a server that refuses it is no reason not to start. */
async function ensureIndexes(store: { ensureIndexes(): Promise<void> }, collection: string): Promise<void> {
  try {
    await store.ensureIndexes();
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    // Without a number the server was not reached.
    if (typeof code !== 'number') throw error;
    process.emitWarning(`${collection}: the index was not created (${message})`);
  }
}

/** Imports a module that needs an optional package. */
async function driver<T>(load: () => Promise<T>, name: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Error(`the package ${name} is missing: npm install ${name}`, { cause });
  }
}

/** Puts the variable in front of the message of what `open` throws. */
export async function named<T>(name: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
