import type { StreamSnapshot } from '@datashop/sse-client';
import { shallowEqual, useStreamSnapshot } from '@datashop/sse-client/react';
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { LiveState } from './live-view.ts';
import type { ViewState } from './view-state.ts';
import type { Viewer } from './viewer.ts';

export const ViewerContext = createContext<Viewer | null>(null);

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error('useViewer needs a LogStreamProvider');
  return viewer;
}

/** A part of the live view. Renders again only when the part changes, so `select` must not create objects. */
export function useLive<T>(select: (state: LiveState) => T): T {
  const { live } = useViewer();
  return useSyncExternalStore(live.subscribe, () => select(live.get()));
}

export function useViewState(): ViewState {
  const { viewState } = useViewer();
  return useSyncExternalStore(viewState.subscribe, viewState.get);
}

/** A value derived from the stream's snapshot. Renders again only when the value changes. */
export function useStreamValue<T extends number | string | boolean>(select: (snapshot: StreamSnapshot) => T): T {
  return useStreamSnapshot(useViewer().stream, select);
}

/** Fields of the stream's snapshot. Renders again only when one of these fields changes. */
export function useStream<K extends keyof StreamSnapshot>(...keys: K[]): Pick<StreamSnapshot, K> {
  const pick = (snapshot: StreamSnapshot) =>
    Object.fromEntries(keys.map((key) => [key, snapshot[key]])) as Pick<StreamSnapshot, K>;
  return useStreamSnapshot(useViewer().stream, pick, shallowEqual);
}
