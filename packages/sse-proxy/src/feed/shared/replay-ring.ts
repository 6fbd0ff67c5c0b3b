import type { ReplayBounds } from '../../config/replay-bounds.ts';
import { frameContent } from '../../sse/fields.ts';
import { type Entry, FrameQueue } from './frame-queue.ts';
import { IdIndex } from './id-index.ts';

/** What identifies a frame besides its id: its bytes, or the digest of the frame that a transform was called with. */
export type Content = Buffer | string;

/** Where a browser that reconnects with an id continues. */
export interface ReplayPosition {
  readonly position: number;
  /** False if events may be missing before the position: the ids have restarted, and this one may be an old one. */
  readonly isProven: boolean;
}

/** The recent frames of one feed, by position and by id. */
export class ReplayRing extends FrameQueue {
  readonly #ids = new IdIndex();
  readonly #maxAgeMs: number;
  #restartedAtMs = 0;

  constructor(bounds: ReplayBounds) {
    super(bounds);
    this.#maxAgeMs = bounds.maxAgeMs;
  }

  /**
   * Appends a copy of `buffer.subarray(start, end)`; `now` from a monotonic clock, in milliseconds. `upstreamId` is the
   * upstream's id where `id` is one of our own; that is written in the first `ownBytes`, which are not compared.
   * `digest` is compared in place of the bytes if they are those of a transform.
   */
  push(
    buffer: Buffer,
    start: number,
    end: number,
    isEvent: boolean,
    id: string | undefined,
    now: number,
    upstreamId = id,
    ownBytes = 0,
    digest?: string,
  ): void {
    if (id !== undefined && this.#ids.add(id, this.end)) this.#markRestart(now, false);
    this.append(buffer, start, end, isEvent, id, upstreamId, ownBytes, digest, now);
    if (!this.suspendsEviction) this.trim();
    this.expire(now);
  }

  override expire(now: number): void {
    super.expire(now);
    if (this.#ids.restartAt !== undefined && now - this.#restartedAtMs > this.#maxAgeMs) this.#ids.forgetRestart();
  }

  protected onForget(id: string | undefined, position: number): void {
    this.#ids.forget(id, position);
  }

  /** The upstream has given known ids to other events: later ids do not continue those that are held. */
  restartIds(now: number): void {
    this.#markRestart(now, true);
  }

  // A browser that was away for longer than frames are kept can't be distinguished from one that came later.
  #markRestart(now: number, isProven: boolean): void {
    this.#ids.restart(this.end, this.entry(this.start)?.id, isProven);
    this.#restartedAtMs = now;
  }

  /**
   * Where a browser that has everything up to `id` continues: after that event, or before the first of several that
   * share the id [R36]. Undefined if that can't be determined.
   */
  after(id: string): ReplayPosition | undefined {
    const { restartAt } = this.#ids;
    if (restartAt !== undefined && this.#ids.isAmbiguous(id, this.start))
      return { position: Math.max(restartAt, this.start), isProven: false };
    const last = this.#ids.last(id);
    const first = this.#ids.first(id);
    if (last === undefined || first === undefined) return undefined;
    if (first === last) return { position: last + 1, isProven: true };
    return first >= this.start ? { position: first, isProven: true } : undefined;
  }

  /** The position of the first frame from `from` on that is held and has this id and this content. */
  find(id: string, content: Content, from = 0): number | undefined {
    const last = this.#ids.last(id);
    if (last === undefined) return undefined;
    for (let at = Math.max(this.#ids.first(id) as number, this.start, from); at <= last; at++) {
      if (this.holds(at, id, content)) return at;
    }
    return undefined;
  }

  /** The position of the first frame with this id; undefined unless it is held. */
  positionOf(id: string): number | undefined {
    const first = this.#ids.first(id);
    return first !== undefined && first >= this.start ? first : undefined;
  }

  /** Whether the frame at `position` is held and has this id and this content. */
  holds(position: number, id: string, content: Content): boolean {
    const entry = this.entry(position);
    return entry?.id === id && hasContent(entry, content);
  }

  /** The same as {@link find}, by the upstream's id where browsers get ids of our own. */
  findUpstreamId(upstreamId: string, content: Content, from = 0): number | undefined {
    for (let at = Math.max(this.start, from); at < this.end; at++) {
      const entry = this.entry(at) as Entry;
      if (entry.upstreamId === upstreamId && hasContent(entry, content)) return at;
    }
    return undefined;
  }

  /** The upstream's id of the oldest frame that is held; undefined if it has none. */
  get oldestUpstreamId(): string | undefined {
    return this.entry(this.start)?.upstreamId;
  }

  /** Whether the newest frame is held and has this id of the upstream. */
  endsWithId(upstreamId: string): boolean {
    return this.entry(this.end - 1)?.upstreamId === upstreamId;
  }

  /** Whether the newest frame is held and has this content. */
  endsWith(content: Content): boolean {
    const newest = this.entry(this.end - 1);
    return newest !== undefined && hasContent(newest, content);
  }

  /** Whether the newest frames of both rings have the same content; false if one of them holds none. */
  endsLike(other: ReplayRing): boolean {
    const newest = other.entry(other.end - 1);
    return newest !== undefined && this.endsWith(contentOf(newest));
  }

  /**
   * The last id of a browser that got everything before `position`; `isExact` is false if events without an id followed
   * it. Undefined if no id before the position is known.
   */
  cursorAt(position: number): { readonly id: string; readonly isExact: boolean } | undefined {
    for (let at = position - 1; at >= this.start; at--) {
      const id = this.entry(at)?.id;
      if (id !== undefined) return { id, isExact: at === position - 1 };
    }
    const { edge } = this.#ids;
    return edge === undefined ? undefined : { id: edge, isExact: position === this.start };
  }
}

function contentOf({ block, start, length, ownBytes, digest }: Entry): Content {
  return digest ?? frameContent(block, start + ownBytes, start + length);
}

function hasContent(entry: Entry, content: Content): boolean {
  const own = contentOf(entry);
  return typeof own === 'string' || typeof content === 'string' ? own === content : own.equals(content);
}
