/**
 * Joins frames that lie next to each other in the same chunk, so that however many events a chunk brings, a browser
 * gets them in one write and nothing is copied.
 */
export class Run {
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

  /** Hands over what is held, if there is anything. */
  flush(take: (bytes: Buffer, events: number) => void): void {
    const source = this.#source;
    if (!source) return;
    const events = this.#events;
    this.#source = undefined;
    this.#events = 0;
    const isAll = this.#start === 0 && this.#end === source.length;
    take(isAll ? source : source.subarray(this.#start, this.#end), events);
  }
}
