export { iterate } from './events/iterate.ts';
export { onEvents } from './events/on-events.ts';
export type { IterateOptions } from './types.ts';
