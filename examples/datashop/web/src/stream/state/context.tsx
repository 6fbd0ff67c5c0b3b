import type { StreamSnapshot } from '@datashop/sse-client';
import { createContext, useContext, useRef, useSyncExternalStore } from 'react';
import type { LiveState } from './live-view.ts';
import type { ViewState } from './view-state.ts';
import type { Viewer } from './viewer.ts';

export const ViewerContext = createContext<Viewer | null>(null);

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error('useViewer needs a LogStreamProvider');
  return viewer;
}

export function useLive(): LiveState {
  const { live } = useViewer();
  return useSyncExternalStore(live.subscribe, live.get);
}

export function useViewState(): ViewState {
  const { viewState } = useViewer();
  return useSyncExternalStore(viewState.subscribe, viewState.get);
}

/** A primitive derived from the stream's snapshot. Renders again only when the value changes. */
export function useStreamValue<T extends number | string | boolean>(select: (snapshot: StreamSnapshot) => T): T {
  const { stream } = useViewer();
  return useSyncExternalStore(stream.subscribe, () => select(stream.getSnapshot()));
}

/** Fields of the stream's snapshot. Renders again only when one of these fields changes. */
export function useStream<K extends keyof StreamSnapshot>(...keys: K[]): Pick<StreamSnapshot, K> {
  const { stream } = useViewer();
  const last = useRef<Pick<StreamSnapshot, K> | null>(null);
  return useSyncExternalStore(stream.subscribe, () => {
    const snapshot = stream.getSnapshot();
    if (last.current === null || keys.some((key) => last.current![key] !== snapshot[key])) {
      last.current = Object.fromEntries(keys.map((key) => [key, snapshot[key]])) as Pick<StreamSnapshot, K>;
    }
    return last.current;
  });
}
