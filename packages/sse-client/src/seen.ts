/** Remembers which events have come, by id and data: the same id with other data is another event. */
export interface Seen {
  has(event: { id: string; data: string }): boolean;
  add(event: { id: string; data: string }): void;
}

/** Holds the last `size` to `2 * size` events, so that it is bounded and forgetting costs nothing. */
export function createSeen(size: number): Seen {
  let recent = new Set<string>();
  let older = new Set<string>();
  return {
    has(event) {
      if (event.id === '') return false;
      const mark = markOf(event);
      return recent.has(mark) || older.has(mark);
    },
    add(event) {
      if (event.id === '') return;
      recent.add(markOf(event));
      if (recent.size < size) return;
      older = recent;
      recent = new Set();
    },
  };
}

/** The data's length and FNV-1a hash in its place: the event itself may be gone from the list, and may be large. */
function markOf({ id, data }: { id: string; data: string }): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < data.length; index++) hash = Math.imul(hash ^ data.charCodeAt(index), 0x01000193);
  return `${id}\0${data.length}\0${hash}`;
}
