import type { Environment } from './environment.ts';
import type { ReceivedEvent } from './received.ts';
import type { EntryList, EventEntry, GapEntry, Persister, StreamSnapshot } from './types.ts';

/** An entry that has no key and no value yet. */
export type Unkeyed = (ReceivedEvent & Pick<EventEntry, 'kind' | 'origin'>) | Omit<GapEntry, 'key'>;

/** The persisted state: one value, so that the cursor and the entries always agree. */
export interface PersistedState {
  /** The user's last choice; null if there was none. */
  readonly on: boolean | null;
  readonly lastEventId: string;
  readonly lastEventAt: number | null;
  readonly entries: Iterable<Unkeyed>;
}

/** The stream as persistence uses it. */
export interface PersistedStream {
  readonly url: string;
  readonly env: Environment;
  read(): PersistedState & { readonly entries: EntryList };
  /** The state of persistence has changed. */
  changed(): void;
}

/** What one stream persists. */
export interface Persistence {
  readonly state: StreamSnapshot['persistence'];
  load(): PersistedState | undefined;
  /** Schedules a write after `debounceMs`. */
  changed(): void;
  /** Writes now, so that a tab that is opened next reads it. */
  save(): void;
  wipe(): void;
  /** Writes what is scheduled, and releases the timer and the listeners. */
  close(): void;
}

/** A persister as the stream uses it. The page passes it, so that pages without it don't load it. */
export interface StreamPersister extends Persister {
  /** Returns undefined where there is no storage. */
  readonly open: (stream: PersistedStream) => Persistence | undefined;
}
