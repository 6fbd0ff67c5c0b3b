import type { ReplayWindow } from './replay-window.ts';

/** The frames with an id that a {@link ReplayWindow} remembers, found by their digests. */
export class KnownFrames {
  /** Positions of the frames that have not been repeated yet, by id and content, in order. */
  readonly #positions = new Map<string, number[]>();
  /** Ids of which every frame is remembered. */
  readonly #ids = new Set<string>();

  constructor(window: ReplayWindow) {
    for (let position = window.start; position < window.end; position++) {
      const id = window.idAt(position);
      if (id === undefined) continue;
      this.#ids.add(id);
      const key = `${id} ${window.contentAt(position)}`;
      const positions = this.#positions.get(key);
      if (positions) positions.push(position);
      else this.#positions.set(key, [position]);
    }
    // Frames before the oldest one may have had its id, and are forgotten.
    const oldest = window.isComplete ? undefined : window.idAt(window.start);
    if (oldest !== undefined) this.#ids.delete(oldest);
  }

  /** True if all frames with this id are remembered: then a frame with it and other content is another event. */
  hasId(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Removes and returns the first position after `after` of a frame with this id and content, or its first position at all. */
  take(id: string, content: string, after: number): number | undefined {
    const key = `${id} ${content}`;
    const positions = this.#positions.get(key);
    if (!positions) return undefined;
    const index = Math.max(
      0,
      positions.findIndex((position) => position > after),
    );
    const [position] = positions.splice(index, 1);
    if (positions.length === 0) this.#positions.delete(key);
    return position;
  }
}
