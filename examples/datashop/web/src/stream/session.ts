import { createEventStream, type EventStream, wipePersisted } from '@datashop/sse-client';
import { BFF_STREAM } from '../../../src/demo.ts';

export const MAX_LINES = 100_000;

const startedKey = (user: string) => `datashop.stream-started.${user}`;

/** The stream of this user's logs; `close` it when done. */
export function openStream(user: string): EventStream {
  return createEventStream(BFF_STREAM, { persist: { scope: user }, shareTabs: user, maxEntries: MAX_LINES });
}

/** Removes what this browser keeps of the user's logs. For the sign-out. */
export function wipeStream(user: string): void {
  wipePersisted(user);
  try {
    localStorage.removeItem(startedKey(user));
  } catch {
    // Storage is blocked: then nothing was kept.
  }
}

/**
 * Whether the stream was ever switched on in this browser. From then on it is the client that remembers: it comes back
 * on, or stays off.
 */
export function wasStarted(user: string): boolean {
  try {
    return localStorage.getItem(startedKey(user)) !== null;
  } catch {
    return false;
  }
}

export function markStarted(user: string): void {
  try {
    localStorage.setItem(startedKey(user), '1');
  } catch {
    // Storage is blocked: every visit is the first.
  }
}
