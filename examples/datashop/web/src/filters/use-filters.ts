import { useSyncExternalStore } from 'react';
import { adjust, onAddress } from '../address.ts';
import { filterPatch, type LogFilter, noFilter, readFilter, sameFilter } from './log-filter.ts';

/** Typing reaches the address after a pause: browsers limit how often it may change. */
const typingMs = 300;

let current: LogFilter | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** The filter of both modes. The same object until it changes. */
export function getFilter(): LogFilter {
  current ??= readFilter(new URLSearchParams(location.search));
  return current;
}

/** @returns the function that removes the listener */
export function onFilter(listener: () => void): () => void {
  if (listeners.size === 0) releaseAddress = onAddress(follow);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) releaseAddress();
  };
}

let releaseAddress = () => {};

export function useFilters(): LogFilter {
  return useSyncExternalStore(onFilter, getFilter);
}

/**
 * Changes the filter at once, and then the address, whose page begins at the newest log again.
 *
 * @param typing true if more changes are likely to follow soon
 */
export function setFilters(change: Partial<LogFilter>, typing = false): void {
  const next = { ...getFilter(), ...change };
  if (sameFilter(next, getFilter())) return;
  set(next);
  clearTimeout(timer);
  timer = undefined;
  if (typing) timer = setTimeout(write, typingMs);
  else write();
}

export function clearFilters(): void {
  const { regex, marksAll } = getFilter();
  setFilters({ ...noFilter, regex, marksAll });
}

function write(): void {
  clearTimeout(timer);
  timer = undefined;
  adjust({ ...filterPatch(getFilter()), up_to: undefined });
}

/** The address changed: by the back button, a link, or {@link write}. */
function follow(): void {
  if (timer !== undefined) return;
  const read = readFilter(new URLSearchParams(location.search));
  if (!sameFilter(read, getFilter())) set(read);
}

function set(next: LogFilter): void {
  current = next;
  for (const listener of listeners) listener();
}
