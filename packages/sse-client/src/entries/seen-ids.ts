/** Remembers which events have come, by id and data: the same id with other data is another event. */
export interface SeenIds {
  has(mark: string): boolean;
  add(mark: string): void;
}

/** Holds the last `size` to `2 * size` events, so that it is bounded and forgetting costs nothing. */
export function createSeenIds(size: number): SeenIds {
  let recent = new Set<string>();
  let older = new Set<string>();
  return {
    has: (mark) => recent.has(mark) || older.has(mark),
    add(mark) {
      if (mark === '') return;
      recent.add(mark);
      if (recent.size < size) return;
      older = recent;
      recent = new Set();
    },
  };
}

/**
 * What an event is known by; '' for one without an id, which is always another one. The data's length and FNV-1a hash
 * stand in its place: the event itself may be gone from the list, and may be large.
 */
export function fingerprint({ id, data }: { id: string; data: string }): string {
  if (id === '') return '';
  let hash = 0x811c9dc5;
  for (let index = 0; index < data.length; index++) hash = Math.imul(hash ^ data.charCodeAt(index), 0x01000193);
  return `${id}\0${data.length}\0${hash}`;
}
