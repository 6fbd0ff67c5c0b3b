const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Extensions of one chunk, and the trailer section, may have this many bytes. Node's and undici's own bound. */
const maxSkippedBytes = 16_384;
/** [spec] RFC 9112 §7.1 sets no limit; like llhttp, this reader accepts what fits into 64 bits. */
const maxSizeDigits = 16;
/** The longest field name that must be recognised in a trailer section. */
const contentLength = 'content-length';

const isToken = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  isToken[char.charCodeAt(0)] = 1;
}

type Place =
  | 'size'
  | 'extension'
  | 'extension-name'
  | 'extension-value'
  | 'quoted'
  | 'quoted-pair'
  | 'quoted-end'
  | 'size-lf'
  | 'trailer'
  | 'trailer-name'
  | 'trailer-space'
  | 'trailer-value'
  | 'trailer-lf'
  | 'trailer-next'
  | 'last-lf';

/** What one byte of the framing led to; a string is the reason why the byte breaks the grammar. */
export type Step = 'more' | 'chunk' | 'last' | { readonly error: string };

/**
 * Reads one size line with its extensions, byte by byte, and after the last one the trailer section. It accepts and
 * refuses exactly what llhttp, Node's own parser, accepts and refuses [R59]. [spec] RFC 9112 §7.1
 */
export class ChunkGrammar {
  /**
   * Bytes of data in the current chunk, once `step` has returned 'chunk'. Inexact above 2^53, which no chunk reaches.
   */
  size = 0;

  #place: Place = 'size';
  /** Number of digits after the leading zeros, of which there may be any number. */
  #digits = 0;
  #hasDigits = false;
  /** Bytes of names and values in the current extensions or in the trailer section. */
  #skipped = 0;
  /** The current trailer field's name in lower case, as far as it may be one that has to be recognised. */
  #name = '';

  step(byte: number): Step {
    switch (this.#place) {
      case 'size':
        return this.#size(byte);
      case 'extension':
        if (byte === SPACE || byte === CR) return broken('a chunk extension without a name');
        this.#place = 'extension-name';
        return this.step(byte);
      case 'extension-name':
        if (isToken[byte]) return this.#skip();
        if (byte === EQUALS) return this.#go('extension-value');
        return this.#endExtension(byte, 'a chunk extension with an invalid name');
      case 'extension-value':
        if (isToken[byte]) return this.#skip();
        if (byte === QUOTE) return this.#skip('quoted');
        return this.#endExtension(byte, 'a chunk extension with an invalid value');
      case 'quoted':
        if (byte === QUOTE) return this.#skip('quoted-end');
        if (byte === BACKSLASH) return this.#skip('quoted-pair');
        return isText(byte) ? this.#skip() : broken('a chunk extension with an invalid quoted value');
      case 'quoted-pair':
        return isText(byte) ? this.#skip('quoted') : broken('a chunk extension with an invalid quoted value');
      case 'quoted-end':
        return this.#endExtension(byte, 'a chunk extension with bytes behind its quoted value');
      case 'size-lf':
        return byte === LF ? this.#endSize() : broken('a CR without LF after a chunk size');
      default:
        return this.#trailer(byte);
    }
  }

  #go(place: Place): Step {
    this.#place = place;
    return 'more';
  }

  #skip(place = this.#place): Step {
    this.#place = place;
    if (++this.#skipped <= maxSkippedBytes) return 'more';
    return broken(`chunk extensions of more than ${maxSkippedBytes} bytes`);
  }

  #size(byte: number): Step {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#hasDigits = true;
      if (this.#digits > 0 || digit > 0) this.#digits++;
      if (this.#digits > maxSizeDigits) return broken('a chunk size of too many digits');
      this.size = this.size * 16 + digit;
      return 'more';
    }
    if (!this.#hasDigits) return broken('no chunk size where one is due');
    if (byte === CR) return this.#go('size-lf');
    return byte === SEMICOLON ? this.#go('extension') : broken('a chunk size that is no hexadecimal number');
  }

  #endExtension(byte: number, otherwise: string): Step {
    if (byte === SEMICOLON) return this.#go('extension');
    return byte === CR ? this.#go('size-lf') : broken(otherwise);
  }

  #endSize(): Step {
    if (this.size > 0) return 'chunk';
    this.#skipped = 0;
    return this.#go('trailer');
  }

  #trailer(byte: number): Step {
    switch (this.#place) {
      case 'trailer-next':
        if (byte === SPACE || byte === TAB) return broken('a folded line in the trailer section');
        this.#place = 'trailer';
        return this.#trailer(byte);
      case 'trailer':
        if (byte === CR) return this.#go('last-lf');
        this.#name = '';
        this.#place = 'trailer-name';
        return byte === COLON ? broken('a trailer field without a name') : this.#trailer(byte);
      case 'trailer-name':
        if (isToken[byte]) return this.#trailerName(byte);
        if (byte !== COLON) return broken('a trailer field with an invalid name');
        if (this.#name === contentLength) return broken('a Content-Length in the trailer section');
        return this.#go('trailer-space');
      case 'trailer-space':
        if (byte === SPACE || byte === TAB) return 'more';
        this.#place = 'trailer-value';
        return this.#trailer(byte);
      case 'trailer-value':
        if (byte === CR) return this.#go('trailer-lf');
        return isText(byte) ? this.#skipTrailer() : broken('a trailer field with an invalid value');
      case 'trailer-lf':
        return byte === LF ? this.#go('trailer-next') : broken('a CR without LF in the trailer section');
      default:
        return byte === LF ? 'last' : broken('a CR without LF after the trailer section');
    }
  }

  #trailerName(byte: number): Step {
    if (this.#name.length <= contentLength.length) this.#name += String.fromCharCode(byte).toLowerCase();
    return this.#skipTrailer();
  }

  #skipTrailer(): Step {
    if (++this.#skipped < maxSkippedBytes) return 'more';
    return broken(`a trailer section of more than ${maxSkippedBytes} bytes`);
  }
}

function broken(error: string): Step {
  return { error };
}

/** [spec] RFC 9110 §5.5, §5.6.4: HTAB, SP, VCHAR and obs-text. Callers handle the delimiters of their place first. */
function isText(byte: number): boolean {
  return byte === TAB || (byte >= SPACE && byte !== 0x7f);
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
