/**
 * Joins frames that lie next to each other in the same chunk, so that however many events a chunk brings, a browser
 * gets them in one write and nothing is copied.
 */
export class FrameRun {
  #source: Buffer | undefined;
  #start = 0;
  #end = 0;
  #events = 0;

  /** Whether the frame lies right behind what is held. */
  continues(source: Buffer, start: number): boolean {
    return this.#source === undefined || (this.#source === source && this.#end === start);
  }

  add(source: Buffer, start: number, end: number, isEvent: boolean): void {
    if (this.#source === undefined) {
      this.#source = source;
      this.#start = start;
    }
    this.#end = end;
    if (isEvent) this.#events++;
  }

  /** Events among what is held. */
  get events(): number {
    return this.#events;
  }

  /** Hands over what is held, and forgets it; undefined if there is nothing. */
  take(): Buffer | undefined {
    const source = this.#source;
    if (!source) return undefined;
    this.#source = undefined;
    this.#events = 0;
    const isAll = this.#start === 0 && this.#end === source.length;
    return isAll ? source : source.subarray(this.#start, this.#end);
  }
}
