import { type Document, serialize } from 'bson';
import { toExact } from './wire.ts';

/** One document in two forms with the same content. */
export interface Forms {
  /** Its values have their BSON types: what is sent. */
  readonly exact: Document;
  /** Its numbers are JavaScript numbers: what filters are evaluated on. */
  readonly plain: Document;
}

/** A document of a collection. */
export class StoredDocument implements Forms {
  readonly plain: Document;
  readonly bytes: Uint8Array;

  private constructor(plain: Document, bytes: Uint8Array) {
    this.plain = plain;
    this.bytes = bytes;
  }

  static of({ exact, plain }: Forms): StoredDocument {
    return new StoredDocument(plain, serialize(exact));
  }

  /** Created at each call: the objects of a large collection would occupy the garbage collector. */
  get exact(): Document {
    return toExact(this.bytes);
  }
}
