import { createEntryStore } from './entries/entry-store.ts';
import type { StreamSnapshot } from './types.ts';

const store = createEntryStore(
  () => 1,
  () => 0,
);

/** The snapshot where there is no stream: on the server, and before the first effect. */
const snapshot: StreamSnapshot = Object.freeze({
  status: 'idle',
  enabledByUser: null,
  attempt: 0,
  retryAt: null,
  lastError: null,
  connectedAt: null,
  upstream: null,
  since: null,
  lastEventAt: null,
  lastEventId: '',
  entries: store.entries(),
  counts: Object.freeze(store.counts()),
  role: 'standalone',
  persistence: 'off',
});

export const idleSnapshot = (): StreamSnapshot => snapshot;
