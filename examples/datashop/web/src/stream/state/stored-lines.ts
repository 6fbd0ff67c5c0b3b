import { wipePersisted } from '@datashop/sse-client/persist';

/** Holds the name of the user whose lines are in the storage. */
const ownerKey = 'datashop.logs-of';

/**
 * Makes this user the owner of the persisted lines. Lines of another owner, or of an unknown one, are removed: their
 * session may have expired without a sign-out. Call before the user's stream is opened.
 */
export function claimStorage(user: string): void {
  if (readOwner() === user) return;
  // Before the removal, so that another tab of the same user removes nothing; and after it, when there is room again.
  storeOwner(user);
  wipePersisted();
  storeOwner(user);
}

/** Removes the user's persisted lines, here and in other tabs, for the sign-out. */
export function wipeStream(user: string): void {
  wipePersisted(user);
}

/**
 * Calls `onOther` when another tab has opened the stream of a user other than this one.
 *
 * @param user the user of this tab, null without a session
 * @returns the function that ends it
 */
export function watchOwner(user: string | null, onOther: () => void): () => void {
  const check = (owner: string | null) => owner !== null && owner !== user && onOther();
  const onStorage = ({ key, newValue }: StorageEvent) => key === ownerKey && check(newValue);
  // A page in the back/forward cache gets no storage events.
  const onPageShow = ({ persisted }: PageTransitionEvent) => persisted && check(readOwner());
  window.addEventListener('storage', onStorage);
  window.addEventListener('pageshow', onPageShow);
  return () => {
    window.removeEventListener('storage', onStorage);
    window.removeEventListener('pageshow', onPageShow);
  };
}

function storeOwner(user: string): void {
  try {
    localStorage.setItem(ownerKey, user);
  } catch {
    // The storage is blocked or full.
  }
}

function readOwner(): string | null {
  try {
    return localStorage.getItem(ownerKey);
  } catch {
    return null;
  }
}
