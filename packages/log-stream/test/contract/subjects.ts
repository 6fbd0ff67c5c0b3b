import { mongo } from './mongo.ts';
import { sqlite } from './sqlite.ts';
import type { Subject } from './stage.ts';

/** Every kind of store. */
export const subjects: readonly Subject[] = [sqlite, ...mongo];
