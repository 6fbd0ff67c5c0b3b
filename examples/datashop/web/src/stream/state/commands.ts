import { followNewest } from '../logic/follow.ts';
import type { Row } from '../logic/row.ts';
import { type Preferences, storePreferences } from './preferences.ts';
import type { Viewer } from './viewer.ts';

/** Changes how the list looks. */
export function prefer({ viewState }: Viewer, change: Partial<Preferences>): void {
  viewState.set(change);
  storePreferences(viewState.get());
  // The newest lines are at the other end now: show them.
  if (change.order) viewState.set({ follow: followNewest, goal: null });
}

/** Selects from the row that was selected first, or else from `anchor`, to this one. */
export function select(viewer: Viewer, head: Row, anchor?: Row | null): void {
  const { selection } = viewer.viewState.get();
  viewer.viewState.set({ selection: { anchor: selection?.anchor ?? anchor ?? head, head } });
  viewer.pause('selected');
}

export function selectNothing({ viewState }: Viewer): void {
  viewState.set({ selection: null });
}

/** Closes the opened row of this name. */
export function fold({ viewState }: Viewer, name: string): void {
  const expanded = new Set(viewState.get().expanded);
  if (expanded.delete(name)) viewState.set({ expanded });
}
