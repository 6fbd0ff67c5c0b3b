import '../../node-version.ts';

export type { MongoLogStoreOptions } from './options.ts';
export { RedisWakeups, type RedisWakeupsOptions } from './redis-wakeups.ts';
export { MongoLogStore } from './store.ts';
export type { Wakeups } from './wakeups.ts';
