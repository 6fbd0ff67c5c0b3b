const end = '\r\n\r\n';
const version = 'HTTP/1.1 ';
const statusBytes = `${version}200`.length;
const nothing = Buffer.alloc(0);

/**
 * Finds the end of a response's head in the bytes of a connection, and removes interim responses (100, 102, 103), which
 * undici does not accept unasked. [spec] RFC 9112 §2.1: a head ends at the first empty line. RFC 9110 §15.2: a client
 * must be able to parse interim responses, even if it does not expect one.
 */
export class ResponseHeadScanner {
  /**
   * 'complete' once the head has been read; 'unknown' if the bytes are no HTTP/1.1 response. Then don't scan further.
   */
  state: 'reading' | 'complete' | 'unknown' = 'reading';
  /** The start of the current head, up to its status. */
  #status = '';
  /** Number of characters of `#status` that came in earlier inputs and are withheld until the status is complete. */
  #withheld = 0;
  #isInterim = false;
  #matched = 0;

  /** `head`: the bytes for undici's parser, possibly none. `rest`: the bytes after the head. */
  scan(input: Buffer): { head: Buffer; rest: Buffer } {
    let start = 0;
    for (let at = 0; at < input.length; at++) {
      const byte = input[at] as number;
      if (this.#status.length < statusBytes && !this.#readStatus(byte)) {
        this.state = 'unknown';
        return { head: this.#headFrom(input, start, input.length), rest: nothing };
      }
      if (byte === end.charCodeAt(this.#matched)) this.#matched++;
      else this.#matched = byte === end.charCodeAt(0) ? 1 : 0;
      if (this.#matched < end.length) continue;
      this.#matched = 0;
      if (!this.#isInterim) {
        this.state = 'complete';
        return { head: this.#headFrom(input, start, at + 1), rest: input.subarray(at + 1) };
      }
      this.#isInterim = false;
      this.#status = '';
      this.#withheld = 0;
      start = at + 1;
    }
    if (this.#isInterim) return { head: nothing, rest: nothing };
    if (this.#status.length === statusBytes) return { head: this.#headFrom(input, start, input.length), rest: nothing };
    this.#withheld = this.#status.length;
    return { head: nothing, rest: nothing };
  }

  /** Returns false for a byte that can't belong to the status line of an HTTP/1.1 response. */
  #readStatus(byte: number): boolean {
    const at = this.#status.length;
    this.#status += String.fromCharCode(byte);
    if (at < version.length) return byte === version.charCodeAt(at);
    if (at + 1 < statusBytes) return true;
    // 101 is no interim response here: we never request an upgrade, and undici refuses it.
    this.#isInterim = /1\d\d$/.test(this.#status) && !this.#status.endsWith('101');
    return /[1-5]\d\d$/.test(this.#status);
  }

  #headFrom(input: Buffer, start: number, stop: number): Buffer {
    const head = input.subarray(start, stop);
    if (this.#withheld === 0) return head;
    const withheld = Buffer.from(this.#status.slice(0, this.#withheld), 'latin1');
    this.#withheld = 0;
    return Buffer.concat([withheld, head]);
  }
}
