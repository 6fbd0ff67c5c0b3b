import { createEntryStore } from './entries/entry-store.ts';
import { idleStatus } from './idle-status.ts';
import type { StreamSnapshot } from './types.ts';

const store = createEntryStore(
  () => 1,
  () => 0,
);

/** The snapshot without a stream: on the server, and before the first effect. */
const snapshot: StreamSnapshot = Object.freeze({
  ...idleStatus,
  enabledByUser: null,
  lastError: null,
  lastEventAt: null,
  lastEventId: '',
  entries: store.entries(),
  counts: Object.freeze(store.counts()),
  role: 'standalone',
  persistence: 'off',
});

export const idleSnapshot = (): StreamSnapshot => snapshot;
