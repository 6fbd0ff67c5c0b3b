import type { LogStore } from '../log-store.ts';
import { SqliteLogStore } from '../stores/sqlite/store.ts';
import type { IndexedStore } from './create-index.ts';
import type { MongoSettings, Settings } from './settings.ts';

/** @throws Error whose message names the variable at fault, if the store can't be opened */
export async function openStore({ store, pollMs }: Settings): Promise<LogStore & Partial<IndexedStore>> {
  if (store.kind === 'mongodb') return named('MONGODB_URI', () => openMongo(store, pollMs));
  return named(`SQLITE_PATH ${store.path}`, async () => new SqliteLogStore({ path: store.path, pollMs }));
}

async function openMongo({ uri, collection, redisUrl }: MongoSettings, pollMs: number | undefined) {
  const { MongoLogStore, RedisWakeups } = await driver(() => import('../stores/mongo/index.ts'), 'mongodb');
  // RedisWakeups imports it only later, when a missing package would not stop the start.
  if (redisUrl !== undefined) await driver(() => import('redis'), 'redis');
  const wakeups = redisUrl === undefined ? undefined : new RedisWakeups({ url: redisUrl });
  return new MongoLogStore({ server: uri, collection, pollMs, wakeups });
}

/** Imports a module that needs an optional package. */
export async function driver<T>(load: () => Promise<T>, name: string): Promise<T> {
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
