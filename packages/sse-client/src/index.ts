export { createEventStream } from './event-stream.ts';
export type * from './types.ts';
