/**
 * The positions of a feed's event ids. Distinct events may share an id, and an upstream may count from 1 again, so an
 * id alone does not always name one position.
 */
export class IdIndex {
  /** Id → position of the newest frame that has it. */
  readonly #last = new Map<string, number>();
  /** Ids of several frames → position of the first of them, which may have been forgotten. */
  readonly #first = new Map<string, number>();
  /** Id of the newest forgotten frame. It stays in the index, because everything that follows it is still held. */
  #edge: string | undefined;
  #edgeAt = -1;
  #newest: string | undefined;
  /** Position of the first frame after the ids last went back. */
  #restartAt: number | undefined;
  /** True if the restart was proven: a known id came with another event. */
  #restartIsProven = false;
  /** An id up to this one may have named an event before the restart that is no longer held. */
  #uncovered: string | undefined;

  /** Position of the first frame after the ids went back; undefined if they didn't, or that was long ago. */
  get restartAt(): number | undefined {
    return this.#restartAt;
  }

  /** Id of the newest forgotten frame; undefined if that has none. */
  get edge(): string | undefined {
    return this.#edge;
  }

  /** Records that the newest frame, at `position`, has `id`. True: `id` is lower than the one before it. */
  add(id: string, position: number): boolean {
    const known = this.#last.get(id);
    if (known !== undefined && !this.#first.has(id)) this.#first.set(id, known);
    this.#last.set(id, position);
    const wentBack = this.#newest !== undefined && isLower(id, this.#newest);
    this.#newest = id;
    return wentBack;
  }

  /** Records that the frame at `position`, the oldest, is no longer held. */
  forget(id: string | undefined, position: number): void {
    if (this.#edge !== undefined && this.#last.get(this.#edge) === this.#edgeAt) {
      this.#last.delete(this.#edge);
      this.#first.delete(this.#edge);
    }
    this.#edge = id;
    this.#edgeAt = position;
    if (id !== undefined && this.#restartAt !== undefined && position < this.#restartAt) this.#uncover(id);
  }

  /**
   * Records that ids from `position` on do not continue those before. `oldest` is the id of the oldest frame held:
   * earlier events are forgotten.
   */
  restart(position: number, oldest: string | undefined, isProven: boolean): void {
    this.#restartAt = position;
    this.#restartIsProven ||= isProven;
    if (oldest !== undefined) this.#uncover(oldest);
  }

  /** The restart was so long ago that a browser with an id from before it is not expected any more. */
  forgetRestart(): void {
    this.#restartAt = undefined;
    this.#restartIsProven = false;
    this.#uncovered = undefined;
  }

  /** Position of the newest frame with this id. */
  last(id: string): number | undefined {
    return this.#last.get(id);
  }

  /** Position of the first frame known to have this id; it may be forgotten. */
  first(id: string): number | undefined {
    return this.#first.get(id) ?? this.#last.get(id);
  }

  /**
   * Whether a browser may have this id from an event before the restart which is no longer held, so that the id doesn't
   * show what the browser has. `start` is the position of the oldest frame.
   */
  isAmbiguous(id: string, start: number): boolean {
    if (this.#restartAt === undefined) return false;
    const first = this.first(id);
    const isOld = first !== undefined && first < this.#restartAt;
    if (isOld && (first >= start || first === this.#last.get(id))) return false;
    if (!isNumber(id)) return this.#restartIsProven && first !== undefined;
    return this.#uncovered !== undefined && !isLower(this.#uncovered, id);
  }

  #uncover(id: string): void {
    if (isNumber(id) && (this.#uncovered === undefined || isLower(this.#uncovered, id))) this.#uncovered = id;
  }
}

function isNumber(id: string): boolean {
  return /^\d+$/.test(id);
}

/** Whether both are whole numbers and `id` is the lower one. */
export function isLower(id: string, than: string): boolean {
  if (id.length > than.length || (id.length === than.length && id >= than)) return false;
  return isNumber(id) && isNumber(than);
}
