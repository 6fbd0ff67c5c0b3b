export type * from './types/entries.ts';
export type * from './types/options.ts';
export type * from './types/parser.ts';
export type * from './types/persister.ts';
export type * from './types/shared-tabs.ts';
export type * from './types/snapshot.ts';
export type * from './types/status.ts';
export type * from './types/stream.ts';
