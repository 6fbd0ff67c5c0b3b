import { createEventStream, type EventStream } from '@datashop/sse-client';
import { localPersistence } from '@datashop/sse-client/persist';
import { streamPath } from '../../../../src/demo.ts';
import { workflowParameters } from '../../address.ts';
import { claimStorage } from './stored-lines.ts';

/** Capacity of the list. */
export const maxLines = 100_000;

/** Stays below the 5 MB that every browser allows, and is written seldom because each write is large. */
const persistence = { maxBytes: 4_000_000, debounceMs: 2_000 };

/** Opens the stream of this user's logs; the caller closes it. Lines that another user left in the storage are removed. */
export function openStream(user: string): EventStream {
  claimStorage(user);
  const { workspace, workflow } = workflowParameters();
  const query = workspace && workflow ? `?${new URLSearchParams({ workspace, workflow })}` : '';
  // Stored lines and the tabs' common connection belong to this address, so workflows don't mix.
  return createEventStream(`${streamPath}${query}`, {
    persist: localPersistence({ scope: user, ...persistence }),
    shareTabs: user,
    maxEntries: maxLines,
  });
}
