import type { RelayBounds, RelayContent } from '@datashop/sse-proxy';
import { idText, type StreamId, sizeOf } from './position.ts';

/** A log is trimmed this many times while it receives `maxBytes`, and this many times in `maxAgeMs`. */
const parts = 16;

/** What to trim: see {@link Lead.trim}. */
export interface Trim {
  /** The first id to keep; empty if no entry is too old. */
  readonly minId: string;
  /** Most bytes to keep; 0 if bytes are not to be trimmed now. */
  readonly maxBytes: number;
}

/** The lead of one instance for a feed, from the lease on: assigns ids to entries, and decides what to trim. */
export class Lead {
  /** Random: names this lead. */
  readonly owner: string;
  readonly generation: number;
  /** The newest entry that was appended here. */
  newest: StreamId;
  /** The newest entry as of the last command that was sent. */
  sent: StreamId;
  readonly #bounds: RelayBounds;
  #trimmedAt: number;
  /** Offsets at former times, on the monotonic clock. */
  readonly #marks: { readonly at: number; readonly offset: number }[] = [];

  constructor(owner: string, generation: number, tail: StreamId, bounds: RelayBounds) {
    this.owner = owner;
    this.generation = generation;
    this.newest = tail;
    this.sent = tail;
    this.#bounds = bounds;
    this.#trimmedAt = tail.offset;
  }

  /** Gives the next entry its id. */
  add(content: RelayContent): StreamId {
    this.newest = { generation: this.generation, offset: this.newest.offset + sizeOf(content) };
    return this.newest;
  }

  /** The value of the lease in Redis before the newest id. */
  get leader(): string {
    return `${this.owner} ${this.generation}`;
  }

  /** The value of the lease once all commands that were sent have been executed. */
  get lease(): string {
    return `${this.leader} ${idText(this.sent)}`;
  }

  /** What to trim with the next append; `now` from a monotonic clock. */
  trim(now: number): Trim {
    const { maxBytes, maxAgeMs } = this.#bounds;
    const { offset } = this.newest;
    const isDue = offset - this.#trimmedAt > maxBytes / parts;
    if (isDue) this.#trimmedAt = offset;
    if (now - (this.#marks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) > maxAgeMs / parts)
      this.#marks.push({ at: now, offset });
    let oldest: number | undefined;
    for (; this.#marks[0] && now - this.#marks[0].at > maxAgeMs; this.#marks.shift()) oldest = this.#marks[0].offset;
    const minId = oldest === undefined ? '' : idText({ generation: this.generation, offset: oldest });
    return { minId, maxBytes: isDue ? maxBytes : 0 };
  }
}
