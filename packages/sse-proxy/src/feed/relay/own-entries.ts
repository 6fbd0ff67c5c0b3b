import type { RelayContent, RelayEntry, RelayPosition } from '../../types.ts';

/** Most bytes that are kept, in case the log is lost before it has delivered them. */
const maxBytes = 4_194_304;
/** Approximate memory of an entry besides its bytes. */
const overheadBytes = 200;

/** What a leader has appended and its own feed has not received yet. */
export class OwnEntries {
  /** Position of the entry before the first one that is kept. */
  #base: RelayPosition;
  #bytes = 0;
  readonly #entries: RelayEntry[] = [];

  constructor(base: RelayPosition) {
    this.#base = base;
  }

  add(position: RelayPosition, { meta, data }: RelayContent): void {
    this.#entries.push({ position, meta, data });
    this.#bytes += sizeOf({ meta, data });
    if (this.#bytes <= maxBytes) return;
    // The leader's own feed is held back by its browsers. Unless it receives this entry first, it can't be served from
    // here any more.
    this.#entries.length = 0;
    this.#bytes = 0;
    this.#base = position;
  }

  /** The leader's feed has received the entry at this position. */
  remove(position: RelayPosition): void {
    const [first] = this.#entries;
    if (first?.position !== position) return;
    this.#entries.shift();
    this.#bytes -= sizeOf(first);
    this.#base = position;
  }

  /** What a feed that has received everything up to `position` misses; undefined if that is no longer kept. */
  after(position: RelayPosition): readonly RelayEntry[] | undefined {
    return position === this.#base ? this.#entries : undefined;
  }
}

function sizeOf({ meta, data }: RelayContent): number {
  return meta.length + data.length + overheadBytes;
}
