/** Most bits of a code. */
const maxBits = 12;
const maxBlockBytes = 255;

/** Compresses the pixels of a GIF's frame. [spec] GIF89a, appendix F */
export function lzw(pixels: Uint8Array, bits: number): Buffer {
  const clear = 2 ** bits;
  const end = clear + 1;
  const output = new BitWriter(Math.ceil((pixels.length * maxBits) / 8) + 8);
  /** Code of a known sequence and one more pixel → code of both. */
  const codes = new Map<number, number>();
  let next = end + 1;
  let codeBits = bits + 1;
  const write = (code: number) => {
    output.write(code, codeBits);
    // A decoder learns each code one step later, so the code that needs one more bit is not assigned yet.
    if (next === 2 ** codeBits && codeBits < maxBits) codeBits += 1;
  };

  output.write(clear, codeBits);
  let code = pixels[0]!;
  for (let at = 1; at < pixels.length; at += 1) {
    const pixel = pixels[at]!;
    const sequence = (code << 8) | pixel;
    const known = codes.get(sequence);
    if (known !== undefined) {
      code = known;
      continue;
    }
    write(code);
    if (next < 2 ** maxBits) {
      codes.set(sequence, next);
      next += 1;
    } else {
      output.write(clear, codeBits);
      codes.clear();
      next = end + 1;
      codeBits = bits + 1;
    }
    code = pixel;
  }
  write(code);
  output.write(end, codeBits);
  return Buffer.concat([Buffer.from([bits]), ...blocksOf(output.bytes()), Buffer.from([0])]);
}

/** Each block begins with its length. */
function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += maxBlockBytes) {
    const block = bytes.subarray(at, at + maxBlockBytes);
    blocks.push(Buffer.from([block.length]), block);
  }
  return blocks;
}

/** Writes codes from the lowest bit on. */
class BitWriter {
  readonly #bytes: Buffer;
  #length = 0;
  #pending = 0;
  #pendingBits = 0;

  constructor(maxBytes: number) {
    this.#bytes = Buffer.alloc(maxBytes);
  }

  write(code: number, bits: number): void {
    this.#pending |= code << this.#pendingBits;
    this.#pendingBits += bits;
    while (this.#pendingBits >= 8) this.#flushByte();
  }

  bytes(): Buffer {
    while (this.#pendingBits > 0) this.#flushByte();
    return this.#bytes.subarray(0, this.#length);
  }

  #flushByte(): void {
    this.#bytes[this.#length] = this.#pending & 0xff;
    this.#length += 1;
    this.#pending >>>= 8;
    this.#pendingBits -= 8;
  }
}
