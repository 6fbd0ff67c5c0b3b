import { randomInt } from 'node:crypto';
import { type Document, serialize } from 'bson';
import { CommandError } from './errors.ts';

/** Most bytes of the documents of one batch; the first document of a batch is always returned. */
const maxBatchBytes = 16 * 1024 * 1024;

/** Result of {@link Cursor.next}. */
export interface Batch {
  /** As BSON. */
  readonly documents: Uint8Array[];
  /** Nothing can follow: the cursor is closed. */
  readonly exhausted: boolean;
  /** Only of a change stream. */
  readonly postBatchResumeToken?: Document;
}

export interface Cursor {
  readonly namespace: string;
  readonly changeStream: boolean;
  /**
   * @param batchSize most documents; undefined: no bound but that of bytes
   * @param waitMs how long to wait for the first document, if the cursor waits at all
   */
  next(batchSize: number | undefined, waitMs: number, signal: AbortSignal): Promise<Batch>;
}

interface OpenCursor {
  readonly cursor: Cursor;
  /** Aborted when the cursor is killed. */
  readonly killed: AbortController;
}

/** The open cursors of a server. */
export class Cursors {
  readonly #open = new Map<number, OpenCursor>();

  get size(): number {
    return this.#open.size;
  }

  /** Runs the first batch and keeps the cursor if more can follow. */
  async open(cursor: Cursor, batchSize: number | undefined, signal: AbortSignal): Promise<Document> {
    const batch = await cursor.next(batchSize, 0, signal);
    let id = 0;
    if (!batch.exhausted) {
      id = randomInt(1, 2 ** 47);
      this.#open.set(id, { cursor, killed: new AbortController() });
    }
    return reply(cursor, id, 'firstBatch', batch);
  }

  /** The open cursor with this id, or undefined. */
  find(id: number): Cursor | undefined {
    return this.#open.get(id)?.cursor;
  }

  /** Throws 43 if there is no such cursor, or if it is killed while it awaits a change. */
  async next(id: number, batchSize: number | undefined, waitMs: number, signal: AbortSignal): Promise<Document> {
    const open = this.#open.get(id);
    if (!open) throw new CommandError(43, `cursor id ${id} not found`);
    let batch: Batch;
    try {
      batch = await open.cursor.next(batchSize, waitMs, AbortSignal.any([signal, open.killed.signal]));
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
    if (open.killed.signal.aborted) throw new CommandError(43, `cursor id ${id} not found`);
    if (batch.exhausted) this.#open.delete(id);
    return reply(open.cursor, batch.exhausted ? 0 : id, 'nextBatch', batch);
  }

  /** @returns whether it was open */
  kill(id: number): boolean {
    this.#open.get(id)?.killed.abort();
    return this.#open.delete(id);
  }

  killAll(): void {
    for (const id of [...this.#open.keys()]) this.kill(id);
  }
}

function reply(cursor: Cursor, id: number, name: 'firstBatch' | 'nextBatch', batch: Batch): Document {
  const { documents, postBatchResumeToken } = batch;
  return {
    cursor: {
      [name]: documents,
      ...(postBatchResumeToken ? { postBatchResumeToken } : {}),
      id: BigInt(id),
      ns: cursor.namespace,
    },
  };
}

/** A cursor over documents that were all found when it was opened. */
export class ResultCursor implements Cursor {
  readonly namespace: string;
  readonly changeStream = false;
  readonly #documents: readonly (Document | Uint8Array)[];
  /** A limit ended the search, so the last document is known to be the last. */
  readonly #limited: boolean;
  #position = 0;

  constructor(namespace: string, documents: readonly (Document | Uint8Array)[], limited = false) {
    this.namespace = namespace;
    this.#documents = documents;
    this.#limited = limited;
  }

  async next(batchSize: number | undefined): Promise<Batch> {
    const documents: Uint8Array[] = [];
    let bytes = 0;
    const size = batchSize ?? Number.POSITIVE_INFINITY;
    while (documents.length < size && this.#position < this.#documents.length) {
      const document = this.#documents[this.#position]!;
      const encoded = document instanceof Uint8Array ? document : serialize(document);
      bytes += encoded.length;
      if (documents.length > 0 && bytes > maxBatchBytes) return { documents, exhausted: false };
      documents.push(encoded);
      this.#position++;
    }
    const atEnd = this.#position === this.#documents.length;
    // A server that has filled a batch does not look whether another document follows.
    return { documents, exhausted: atEnd && (documents.length < size || this.#limited) };
  }
}
