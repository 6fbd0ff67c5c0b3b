export type * from './types/awaitable.ts';
export type * from './types/handler.ts';
export type * from './types/limits.ts';
export type * from './types/observer.ts';
export type * from './types/options.ts';
export type * from './types/sharing.ts';
export type * from './types/stats.ts';
export type * from './types/stream.ts';
