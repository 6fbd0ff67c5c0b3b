import { useSyncExternalStore } from 'react';
import type { Workflow } from '../../src/demo.ts';

/**
 * Changes of the page's query; an empty or undefined value removes the parameter, and a list repeats it. What the page
 * shows is in its address, so that a reload, the back button and a copied link lead to the same view.
 */
export type Patch = Record<string, string | readonly string[] | undefined>;

/**
 * Where the page is served. Links never repeat the path of the address: under `//host/page` it would be the address of
 * another host.
 */
const pagePath = '/';

const listeners = new Set<() => void>();
const notifyAll = () => {
  for (const listener of listeners) listener();
};

/** Calls the listener when the address has changed. @returns the function that removes it */
export function onAddress(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

/** The query of the page's address. */
export function useAddress(): URLSearchParams {
  const search = useSyncExternalStore(onAddress, () => location.search);
  return new URLSearchParams(search);
}

/** The address with some parameters changed. */
export function addressWith(patch: Patch): string {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(patch)) {
    query.delete(name);
    for (const each of [value ?? []].flat()) if (each) query.append(name, each);
  }
  const text = query.toString();
  return text ? `${pagePath}?${text}` : pagePath;
}

/**
 * The parameters of the address that select a workflow; the BFF's routes have the same. Without them: the user's first
 * one.
 */
export function workflowParameters(): Record<'workspace' | 'workflow', string | undefined> {
  const query = new URLSearchParams(location.search);
  return { workspace: query.get('workspace') ?? undefined, workflow: query.get('workflow') ?? undefined };
}

/**
 * The address of a workflow in the present mode, with the filters but the run, which belongs to the present workflow.
 */
export function workflowAddress({ workspaceID, workflowID }: Workflow): string {
  const ids = { run: undefined, log: undefined, around: undefined, up_to: undefined };
  return addressWith({ ...ids, workspace: workspaceID, workflow: workflowID });
}

/**
 * Changes the address in a new history entry, which the back button undoes.
 *
 * @param state kept with the entry, also over a reload, and not in a copied link; see {@link entryState}
 */
export function go(patch: Patch, state: EntryState = {}): void {
  history.pushState(state, '', addressWith(patch));
  notifyAll();
}

/** What the history entry knows beyond its address. */
export interface EntryState {
  /** The mode that a line was opened in context from. */
  readonly cameFrom?: 'normal';
}

export function entryState(): EntryState {
  return (history.state ?? {}) as EntryState;
}

/** Changes the address in place, for instance with every letter typed. */
export function adjust(patch: Patch): void {
  history.replaceState(history.state, '', addressWith(patch));
  notifyAll();
}

/** True for a click that navigates in this tab: no modifier key and the main button. */
export function isPlainClick(event: {
  button: number;
  metaKey: boolean;
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
