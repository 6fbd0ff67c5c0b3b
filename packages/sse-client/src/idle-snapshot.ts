import { createEntryLog } from './entries/entry-list.ts';
import type { StreamSnapshot } from './types.ts';

const snapshot: StreamSnapshot = Object.freeze({
  status: 'idle',
  enabledByUser: null,
  attempt: 0,
  retryAt: null,
  lastError: null,
  connectedAt: null,
  lastEventAt: null,
  lastEventId: '',
  entries: createEntryLog(1, () => {}).view(),
  counts: Object.freeze({
    received: 0,
    kept: 0,
    dropped: 0,
    duplicates: 0,
    filled: 0,
    original: 0,
    fresh: 0,
    total: 0,
    gaps: 0,
  }),
  role: 'standalone',
  persistence: 'off',
});

/** What there is to show where there is no stream: on the server, and before the first effect. */
export const idleSnapshot = (): StreamSnapshot => snapshot;
