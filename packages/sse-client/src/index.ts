export { createEventStream } from './event-stream.ts';
export { wipePersisted } from './persist/persistence.ts';
export type * from './types.ts';
