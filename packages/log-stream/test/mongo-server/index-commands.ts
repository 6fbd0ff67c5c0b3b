import type { Document } from 'bson';
import { ResultCursor } from './cursors.ts';
import { CommandError } from './errors.ts';
import { newIndex } from './indexes.ts';
import type { Call } from './server-state.ts';

export const createIndexesFields = ['indexes', 'writeConcern', 'commitQuorum', 'comment', 'maxTimeMS'];
export const listIndexesFields = ['cursor', 'comment', 'maxTimeMS', 'readConcern'];

/** Executes `createIndexes`. */
export function createIndexes({ state, command }: Call): Document {
  if (!Array.isArray(command.indexes) || command.indexes.length === 0) {
    throw new CommandError(2, 'Must specify at least one index to create');
  }
  const namespace = `${command.$db}.${command.createIndexes}`;
  const createdCollectionAutomatically = state.database.find(namespace) === undefined;
  const collection = state.database.create(namespace);
  const numIndexesBefore = collection.indexes.length;
  for (const spec of command.indexes) {
    const index = newIndex(collection, spec);
    if (index) state.database.addIndex(namespace, index);
  }
  const numIndexesAfter = collection.indexes.length;
  return {
    numIndexesBefore,
    numIndexesAfter,
    createdCollectionAutomatically,
    ...(numIndexesAfter === numIndexesBefore ? { note: 'all indexes already exist' } : {}),
  };
}

/** Executes `listIndexes`. */
export async function listIndexes({ state, command, signal }: Call): Promise<Document> {
  const namespace = `${command.$db}.${command.listIndexes}`;
  const collection = state.database.find(namespace);
  if (!collection) throw new CommandError(26, `ns does not exist: ${namespace}`);
  const indexes = collection.indexes.map((index) => ({ ...index }));
  return state.cursors.open(new ResultCursor(namespace, indexes), command.cursor?.batchSize, signal);
}
