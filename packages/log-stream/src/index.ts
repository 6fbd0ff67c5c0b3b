export { createLogDocument, formatDuration, type LogInput } from './document.ts';
export { logStreamRouter } from './router.ts';
export { SqliteLogStore, type SqliteLogStoreOptions } from './sqlite-store.ts';
export type * from './types.ts';
