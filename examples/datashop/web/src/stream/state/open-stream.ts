import { createEventStream, type EventStream, wipePersisted } from '@datashop/sse-client';
import { streamPath } from '../../../../src/demo.ts';

export const maxLines = 100_000;

/** Stays below the 5 MB that every browser allows, and is written seldom because each write is large. */
const persistence = { maxBytes: 4_000_000, debounceMs: 2_000 };

/** The stream of this user's logs; `close` it when done. */
export function openStream(user: string): EventStream {
  return createEventStream(streamPath, {
    persist: { scope: user, ...persistence },
    shareTabs: user,
    maxEntries: maxLines,
  });
}

/** Removes what this browser keeps of the user's logs. For the sign-out. */
export function wipeStream(user: string): void {
  wipePersisted(user);
}
