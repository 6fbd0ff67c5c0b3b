import type { Document, Timestamp } from 'bson';
import { Collection, type Index } from './collection.ts';
import { Journal } from './journal.ts';
import { fromTimestamp, Oplog, type OplogEntry, toTimestamp } from './oplog.ts';
import { type Forms, StoredDocument } from './stored-document.ts';

/** A write that a driver may send again: identified by its session and transaction number. */
export interface WriteIdentity {
  readonly session: string;
  readonly number: number;
}

/** The data of a server: collections, oplog, and what is needed to recognise repeated writes. */
export class Database {
  readonly oplog = new Oplog();
  readonly #collections = new Map<string, Collection>();
  /** Session → the last write with a transaction number. */
  readonly #writes = new Map<string, { number: number; inserted: number }>();
  readonly #journal: Journal | undefined;

  /** @param file keeps the data; left out: it is in memory only */
  constructor(file: string | undefined) {
    this.#journal = file === undefined ? undefined : new Journal(file);
    const records = this.#journal?.records.splice(0) ?? [];
    if (records.length > 0) this.oplog.clear();
    for (const record of records) this.#restore(record);
    this.noop();
  }

  find(namespace: string): Collection | undefined {
    return this.#collections.get(namespace);
  }

  /** The namespaces that start with `prefix`. */
  namespaces(prefix: string): string[] {
    return [...this.#collections.keys()].filter((namespace) => namespace.startsWith(prefix)).sort();
  }

  /** The collection, created if it does not exist. */
  create(namespace: string): Collection {
    let collection = this.#collections.get(namespace);
    if (!collection) {
      collection = new Collection(namespace);
      this.#collections.set(namespace, collection);
    }
    return collection;
  }

  /** Makes a document visible. Throws 11000 if its `_id` exists. */
  insert(namespace: string, forms: Forms): void {
    const document = StoredDocument.of(forms);
    this.create(namespace).insert(document);
    this.#record(this.oplog.append({ operation: 'insert', namespace, document }));
  }

  /** @param updatedFields set if only these fields have changed */
  replace(namespace: string, forms: Forms, updatedFields?: Document): void {
    const document = StoredDocument.of(forms);
    this.find(namespace)?.replace(document);
    const change = updatedFields ? { operation: 'update' as const, updatedFields } : { operation: 'replace' as const };
    this.#record(this.oplog.append({ ...change, namespace, document }));
  }

  /** @returns whether there was a document with this `_id` */
  remove(namespace: string, id: unknown): boolean {
    const document = this.find(namespace)?.remove(id);
    if (document) this.#record(this.oplog.append({ operation: 'delete', namespace, document }));
    return document !== undefined;
  }

  /** @returns whether there was such a collection */
  drop(namespace: string): boolean {
    const found = this.#collections.delete(namespace);
    if (found) this.#record(this.oplog.append({ operation: 'drop', namespace }));
    return found;
  }

  addIndex(namespace: string, index: Index): void {
    this.create(namespace).indexes.push(index);
    this.#journal?.write({ kind: 'index', namespace, index });
  }

  /** Moves the server's time on, as an idle server does every ten seconds. */
  noop(): void {
    this.#record(this.oplog.append({ operation: 'noop', namespace: '' }));
  }

  /** Loses the history of changes, but no document. */
  truncateOplog(): void {
    this.oplog.truncate();
    this.#journal?.write({ kind: 'truncate', time: toTimestamp(this.oplog.latest) });
  }

  /** Number of documents that this write has inserted, if it was executed before. */
  executed(write: WriteIdentity): number | undefined {
    const last = this.#writes.get(write.session);
    return last?.number === write.number ? last.inserted : undefined;
  }

  remember(write: WriteIdentity, inserted: number): void {
    this.#writes.set(write.session, { number: write.number, inserted });
    this.#journal?.write({ kind: 'write', ...write, inserted });
  }

  close(): void {
    this.#journal?.close();
  }

  #record({ time, document, ...change }: OplogEntry): void {
    const stored = document ? { document: document.exact } : {};
    this.#journal?.write({ kind: 'change', time: toTimestamp(time), ...change, ...stored });
  }

  #restore({ exact, plain }: Forms): void {
    const { kind, namespace } = plain;
    if (kind === 'index') this.create(namespace).indexes.push(plain.index);
    else if (kind === 'write') this.#writes.set(plain.session, { number: plain.number, inserted: plain.inserted });
    else if (kind === 'truncate') this.#restoreTruncation(plain.time);
    else this.#restoreChange(plain, exact);
  }

  #restoreTruncation(time: Timestamp): void {
    this.oplog.clear();
    this.oplog.restore({ time: fromTimestamp(time), wallTime: new Date(), operation: 'noop', namespace: '' });
  }

  #restoreChange(plain: Document, exact: Document): void {
    const { operation, namespace, wallTime } = plain;
    const forms = { plain: plain.document, exact: exact.document };
    const document = plain.document ? StoredDocument.of(forms) : undefined;
    if (operation === 'insert' && document) this.create(namespace).insert(document);
    else if (operation === 'delete') this.create(namespace).remove(plain.document._id);
    else if (operation === 'drop') this.#collections.delete(namespace);
    else if (document) this.create(namespace).replace(document);
    this.oplog.restore({
      time: fromTimestamp(plain.time),
      wallTime,
      operation,
      namespace,
      ...(document ? { document } : {}),
      ...(exact.updatedFields ? { updatedFields: exact.updatedFields } : {}),
    });
  }
}
