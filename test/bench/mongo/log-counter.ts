/** Starts the message of a log, which is its number, a blank, and the time at which it was written. */
const mark = Buffer.from('"message":"');
const gapMark = Buffer.from('event: sse-proxy:gap');
/** Longest message. */
const maxMessageBytes = 40;

/** The current time of all processes of this machine, in milliseconds with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Reads the numbers of logs out of the bytes of an event stream, at little cost. */
export class LogCounter {
  received = 0;
  outOfOrder = 0;
  gaps = 0;
  readonly #latencies: number[] | undefined;
  #last: number | undefined;
  #rest: Buffer = Buffer.alloc(0);

  /** @param latencies where the age of each log at its arrival is added, if it is wanted */
  constructor(latencies: number[] | undefined) {
    this.#latencies = latencies;
  }

  add(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let end = 0;
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, end)) {
      const close = bytes.indexOf('"', at + mark.length);
      if (close < 0) break;
      end = close + 1;
      this.#count(bytes.toString('latin1', at + mark.length, close));
    }
    // A mark that lies wholly in the rest was counted before.
    const unseen = Math.max(0, this.#rest.length - gapMark.length + 1);
    for (let at = bytes.indexOf(gapMark, unseen); at >= 0; at = bytes.indexOf(gapMark, at + 1)) this.gaps++;
    // A mark or a message may continue in the next chunk.
    this.#rest = bytes.subarray(Math.max(end, bytes.length - mark.length - maxMessageBytes));
  }

  #count(message: string): void {
    const [number, time] = message.split(' ').map(Number);
    if (this.#last !== undefined && number !== this.#last + 1) this.outOfOrder++;
    this.#last = number;
    this.received++;
    if (this.#latencies && time !== undefined) this.#latencies.push(now() - time);
  }
}
