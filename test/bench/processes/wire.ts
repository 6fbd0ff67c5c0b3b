/**
 * Marker in every event's data, before its sequence number and its sending time. It is the beginning of a string, which
 * stays the same whatever writes the JSON.
 */
export const marker = Buffer.from('"seq:');
const timeMarker = ',t:';
const LF = 0x0a;
const COLON = 0x3a;

/** Microseconds of the host's monotonic clock, which is the same in every process. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** The data of an event of about `bytes`. */
export function eventData(sequence: number, bytes: number): string {
  const start = `{"level":"INFO","message":"seq:${sequence}${timeMarker}${nowUs().toFixed(0)} `;
  return `${start}${'x'.repeat(Math.max(0, bytes - start.length - 20))}"}`;
}

// The fields of a log of the log service, and the two without which it belongs to no workflow.
const logEnd =
  '","logLevel":"INFO","logType":"APP","stageName":"LOAD","duration":"","description":"","time":"Sep 22 2025 at 08:54 AM","isoTime":"2025-09-22T08:54:00.000Z","meta":{"timestamp":1758531240000,"pipelineID":"p1","execID":"4021","workspaceID":"ws","workflowID":"wf","pipelineType":"ETL"}}';
const shortLogEnd = '","meta":{"workspaceID":"ws","workflowID":"wf"}}';

/** A log of about `bytes`. One of less than 300 bytes lacks most fields. */
export function logData(sequence: number, bytes: number): string {
  const start = `{"message":"seq:${sequence}${timeMarker}${nowUs().toFixed(0)} `;
  const end = bytes < 300 ? shortLogEnd : logEnd;
  return `${start}${'x'.repeat(Math.max(0, bytes - start.length - end.length))}${end}`;
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
    at += timeMarker.length;
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
