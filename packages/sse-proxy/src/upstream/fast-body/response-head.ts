const end = '\r\n\r\n';
const statusBytes = 'HTTP/1.1 200'.length;

/**
 * Finds the end of an answer's head in the bytes of a connection. [spec] RFC 9112 §2.1: it ends at the first empty line.
 * Interim answers (1xx) come before the answer and have heads of their own.
 */
export class ResponseHeadScanner {
  #status = '';
  #matched = 0;

  /**
   * The offset behind the head within `input[0…length)`; -1 while it goes on, and `undefined` where what comes is not
   * understood.
   */
  scan(input: Buffer, length: number): number | undefined {
    for (let at = 0; at < length; at++) {
      const byte = input[at] as number;
      if (this.#status.length < statusBytes) this.#status += String.fromCharCode(byte);
      if (byte === end.charCodeAt(this.#matched)) this.#matched++;
      else this.#matched = byte === end.charCodeAt(0) ? 1 : 0;
      if (this.#matched < end.length) continue;
      this.#matched = 0;
      const status = /^HTTP\/1\.1 ([1-5])\d\d$/.exec(this.#status);
      if (!status) return undefined;
      if (status[1] !== '1') return at + 1;
      this.#status = '';
    }
    return -1;
  }
}
