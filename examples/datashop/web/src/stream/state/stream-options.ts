import type { EventStreamOptions } from '@datashop/sse-client';
import { localPersistence } from '@datashop/sse-client/persist';
import { sharedTabs } from '@datashop/sse-client/tabs';
import { streamPath } from '../../../../src/demo.ts';
import { workflowParameters } from '../../address.ts';
import { fetchLogs } from '../../api.ts';
import { pageLimit } from '../logic/pages.ts';
import { pollingFetch } from './polling-fetch.ts';

/** Capacity of the list. */
export const maxLines = 100_000;

/** A write blocks the page, the longer the more it writes: so its size is bounded, and writes are spaced out. */
const persistence = { maxBytes: 1_000_000, debounceMs: 2_000 };

/** Address of the stream. Stored lines and the tabs' common connection belong to it, so workflows don't mix. */
export function streamUrl(): string {
  const { workspace, workflow } = workflowParameters();
  return workspace && workflow ? `${streamPath}?${new URLSearchParams({ workspace, workflow })}` : streamPath;
}

/**
 * Options of a user's stream.
 *
 * @param onPolling is called with the reason when the lines are polled for, and with '' when they are streamed
 */
export function streamOptions(user: string, onPolling: (why: string) => void): EventStreamOptions {
  return {
    // The stored logs come first.
    autoConnect: false,
    persist: localPersistence({ scope: user, ...persistence }),
    tabs: sharedTabs({ scope: user }),
    maxEntries: maxLines,
    fetch: pollingFetch({
      page: (after, signal) =>
        fetchLogs(after === '' ? { limit: 1 } : { after, order: 'asc', limit: pageLimit }, signal),
      onPolling,
    }),
  };
}
