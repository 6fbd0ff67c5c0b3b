import './node-version.ts';

export { createLogDocument, formatDuration, type LogInput } from './document.ts';
export { LogStreamError, type LogStreamErrorCode } from './errors.ts';
export type * from './log-store.ts';
export { logStreamRouter } from './log-stream-router.ts';
export type { SqliteLogStoreOptions } from './stores/sqlite/options.ts';
export { SqliteLogStore } from './stores/sqlite/store.ts';
export type * from './types.ts';
