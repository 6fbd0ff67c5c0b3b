/** Marker in every event's data, before its sequence number and its sending time. */
export const marker = Buffer.from('"seq":');
const LF = 0x0a;
const COLON = 0x3a;

/** Microseconds of the host's monotonic clock, which is the same in every process. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** The data of an event of about `bytes`, in a form that is cheap to parse. */
export function eventData(sequence: number, bytes: number): string {
  const start = `{"seq":${sequence},"t":${nowUs().toFixed(0)},"level":"INFO","message":"`;
  return `${start}${'x'.repeat(Math.max(0, bytes - start.length - 20))}"}`;
}

/** An HTTP chunk. */
export function chunk(content: string): Buffer {
  return Buffer.from(`${content.length.toString(16)}\r\n${content}\r\n`, 'latin1');
}

/** Removes the chunked coding from a body, whatever pieces it arrives in. */
export class Dechunker {
  #left = 0;
  #line = '';

  decode(bytes: Buffer, onBody: (body: Buffer) => void): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        onBody(bytes.subarray(at, end));
        at = end;
        continue;
      }
      const lf = bytes.indexOf(LF, at);
      if (lf < 0) {
        this.#line += bytes.toString('latin1', at);
        return;
      }
      // The empty line ends the previous chunk.
      const line = (this.#line + bytes.toString('latin1', at, lf)).trim();
      this.#line = '';
      at = lf + 1;
      if (line !== '') this.#left = Number.parseInt(line, 16);
    }
  }
}

/** Finds sequence numbers and sending times, and counts comments. It is no SSE parser, to keep the load light. */
export class EventScanner {
  comments = 0;
  #rest: Buffer | undefined;

  scan(body: Buffer, onEvent: (sequence: number, sentUs: number) => void): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, body]) : body;
    this.#rest = undefined;
    let at = 0;
    for (;;) {
      const found = bytes.indexOf(marker, at);
      if (found < 0) break;
      const end = bytes.indexOf(LF, found);
      if (end < 0) {
        this.#rest = Buffer.from(bytes.subarray(found));
        return;
      }
      this.#read(bytes, found + marker.length, onEvent);
      at = end + 1;
    }
    if (at === 0) this.#countComments(bytes);
    // An incomplete line may hold the beginning of a marker.
    const lineStart = bytes.lastIndexOf(LF) + 1;
    if (lineStart < bytes.length) this.#rest = Buffer.from(bytes.subarray(Math.max(at, lineStart)));
  }

  #read(bytes: Buffer, start: number, onEvent: (sequence: number, sentUs: number) => void): void {
    let sequence = 0;
    let at = start;
    for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, ++at)) sequence = sequence * 10 + digit;
    at += ',"t":'.length;
    let sentUs = 0;
    for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, ++at)) sentUs = sentUs * 10 + digit;
    onEvent(sequence, sentUs);
  }

  #countComments(bytes: Buffer): void {
    for (let at = bytes.indexOf(COLON); at >= 0; at = bytes.indexOf(COLON, at + 1)) {
      if ((at === 0 || bytes[at - 1] === LF) && bytes.indexOf(LF, at) >= 0) this.comments++;
    }
  }
}

function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30;
  return digit <= 9 ? digit : -1;
}
