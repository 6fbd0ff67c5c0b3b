import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { type Document, serialize } from 'bson';
import type { Forms } from './stored-document.ts';
import { toExact, toPlain } from './wire.ts';

/**
 * Keeps the changes of a server in a file, as BSON documents one after another. A record is in the kernel before the
 * command is acknowledged: SIGKILL loses nothing that was acknowledged.
 */
export class Journal {
  readonly records: Forms[] = [];
  readonly #file: number;
  #length: number;

  /** Reads the file, or creates it. A record that a killed server has written in part is dropped. */
  constructor(path: string) {
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    let end = 0;
    while (bytes.length - end >= 4) {
      const length = bytes.readInt32LE(end);
      if (length < 5) throw new Error(`${path} is damaged at byte ${end}`);
      if (bytes.length - end < length) break;
      const record = bytes.subarray(end, end + length);
      this.records.push({ exact: toExact(record), plain: toPlain(record) });
      end += length;
    }
    this.#file = openSync(path, existsSync(path) ? 'r+' : 'w+');
    ftruncateSync(this.#file, end);
    this.#length = end;
  }

  write(record: Document): void {
    const bytes = serialize(record);
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#file, bytes, written, bytes.length - written, this.#length + written);
    }
    this.#length += bytes.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}
