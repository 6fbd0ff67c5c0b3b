export { localPersistence, wipePersisted } from './persist/persistence.ts';
export type { Persister, PersistOptions } from './types.ts';
