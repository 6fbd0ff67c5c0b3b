import { useSyncExternalStore } from 'react';

interface Media {
  readonly subscribe: (listener: () => void) => () => void;
  readonly get: () => boolean;
}

/** By query: React subscribes again whenever it gets another function. */
const known = new Map<string, Media>();

/** True while the media query matches; renders again when that changes. */
export function useMedia(query: string): boolean {
  const media = known.get(query) ?? mediaOf(query);
  known.set(query, media);
  return useSyncExternalStore(media.subscribe, media.get);
}

function mediaOf(query: string): Media {
  const list = matchMedia(query);
  return {
    subscribe(listener) {
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    get: () => list.matches,
  };
}
