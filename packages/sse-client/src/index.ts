export { createEventStream } from './event-stream.ts';
export { wipePersisted } from './persistence.ts';
export type * from './types.ts';
