import { useSyncExternalStore } from 'react';

/** What the page shows is in its address, so that a reload, the back button and a copied link all lead to the same. */
export type Patch = Record<string, string | undefined>;

const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

/** The query of the page's address. */
export function useAddress(): URLSearchParams {
  const search = useSyncExternalStore(subscribe, () => location.search);
  return new URLSearchParams(search);
}

/** The address with some parameters changed; an empty or undefined one is removed. */
export function addressWith(patch: Patch): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(patch)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  return text ? `${location.pathname}?${text}` : location.pathname;
}

/** A step that the back button takes back. */
export function go(patch: Patch): void {
  history.pushState(null, '', addressWith(patch));
  tell();
}

/** A change in place, such as of every letter typed. */
export function adjust(patch: Patch): void {
  history.replaceState(null, '', addressWith(patch));
  tell();
}

/** Whether a click on a link is meant for this page, not for another tab. */
export function isPlainClick(event: {
  button: number;
  metaKey: boolean;
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
