import type { RelayContent, RelayEntry, RelayPosition } from '../../types.ts';

/** Most bytes that are kept, in case the log is lost before it has delivered them. */
const maxBytes = 4_194_304;

/** What a leader has appended and its own feed has not received yet. */
export class OwnEntries {
  /** Position of the entry before the first of these. */
  #base: RelayPosition;
  #bytes = 0;
  #isComplete = true;
  readonly #entries: RelayEntry[] = [];

  constructor(base: RelayPosition) {
    this.#base = base;
  }

  add(position: RelayPosition, { meta, data }: RelayContent): void {
    this.#entries.push({ position, meta, data });
    this.#bytes += data.length + meta.length;
    if (this.#bytes > maxBytes) this.#isComplete = false;
    // Its own feed is held back by its browsers: only the positions are needed.
    if (!this.#isComplete) this.#entries.length = 0;
  }

  /** The leader's feed has received the entry at this position. */
  remove(position: RelayPosition): void {
    const [first] = this.#entries;
    if (first?.position !== position) return;
    this.#entries.shift();
    this.#bytes -= first.data.length + first.meta.length;
    this.#base = position;
  }

  /** What a feed that has received everything up to `position` misses; undefined if that is not known. */
  after(position: RelayPosition): readonly RelayEntry[] | undefined {
    return this.#isComplete && position === this.#base ? this.#entries : undefined;
  }
}
