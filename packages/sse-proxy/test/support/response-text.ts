/**
 * A response as byte strings. Each byte is decoded once, because tests read the body again and again while it grows.
 */
export class ResponseText {
  #head: string[] | undefined;
  readonly #headers: Record<string, string> = {};
  #wire = '';
  #added: Buffer[] = [];
  /** Content of the chunks that are complete. */
  #content = '';
  /** Content of the last chunk, if it is not complete. */
  #begun = '';
  /** Where the next chunk begins in `#wire`. */
  #at = 0;
  #complete = false;

  add(bytes: Buffer): void {
    this.#added.push(bytes);
  }

  /** Everything received. */
  get wire(): string {
    this.#decode();
    return this.#wire;
  }

  /** Lines of the header section, undefined until it is complete. */
  get head(): string[] | undefined {
    this.#decode();
    return this.#head;
  }

  /** Header fields by lower-case name. */
  get headers(): Record<string, string> {
    this.#decode();
    return this.#headers;
  }

  /** The body so far, chunked coding removed. */
  get body(): string {
    this.#decode();
    return this.#content + this.#begun;
  }

  /** True if the body ended as HTTP says: the last chunk arrived, or Content-Length was reached. */
  get complete(): boolean {
    this.#decode();
    return this.#complete;
  }

  #decode(): void {
    if (this.#added.length === 0) return;
    const [first] = this.#added as [Buffer];
    const added = (this.#added.length === 1 ? first : Buffer.concat(this.#added)).toString('latin1');
    this.#added = [];
    this.#wire += added;
    if (!this.#head) this.#readHead();
    if (!this.#head) return;
    if (this.#headers['transfer-encoding'] === 'chunked') return this.#readChunks();
    this.#content = this.#wire.slice(this.#at);
    this.#complete = this.#content.length >= Number(this.#headers['content-length'] ?? Number.NaN);
  }

  #readHead(): void {
    const end = this.#wire.indexOf('\r\n\r\n');
    if (end === -1) return;
    this.#at = end + 4;
    this.#head = this.#wire.slice(0, end).split('\r\n');
    for (const field of this.#head.slice(1)) {
      const colon = field.indexOf(':');
      this.#headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim();
    }
  }

  #readChunks(): void {
    this.#begun = '';
    while (!this.#complete) {
      const lineEnd = this.#wire.indexOf('\r\n', this.#at);
      if (lineEnd === -1) return;
      const size = Number.parseInt(this.#wire.slice(this.#at, lineEnd), 16);
      if (Number.isNaN(size)) throw new Error('the response has a chunk without a size');
      const next = lineEnd + 2 + size + 2;
      const content = this.#wire.slice(lineEnd + 2, lineEnd + 2 + size);
      if (size === 0) this.#complete = true;
      else if (next > this.#wire.length) {
        this.#begun = content;
        return;
      }
      this.#content += content;
      this.#at = next;
    }
  }
}
