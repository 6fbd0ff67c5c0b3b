import type { Document } from 'bson';
import { compareValues } from './bson-order.ts';
import { CommandError } from './errors.ts';
import type { StoredDocument } from './stored-document.ts';

export interface Index {
  readonly v: 2;
  readonly key: Document;
  readonly name: string;
  /** Listed only: nothing expires by itself here. */
  readonly expireAfterSeconds?: number;
}

/** Bounds of `_id` that a filter implies; both inclusive, since the filter itself is evaluated too. */
interface IdRange {
  from?: unknown;
  to?: unknown;
}

/** The documents of one collection in the order of their `_id`, and its indexes. */
export class Collection {
  readonly namespace: string;
  readonly indexes: Index[] = [{ v: 2, key: { _id: 1 }, name: '_id_' }];
  readonly #documents: StoredDocument[] = [];
  /** The same documents in the order in which they were inserted. */
  readonly #natural: StoredDocument[] = [];

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** Throws 11000 if the `_id` exists. */
  insert(document: StoredDocument): void {
    const id = document.plain._id;
    const index = this.#firstFrom(id);
    if (this.#find(id) >= 0) {
      const key = `dup key: { _id: ${typeof id === 'string' ? `"${id}"` : String(id)} }`;
      throw new CommandError(11000, `E11000 duplicate key error collection: ${this.namespace} index: _id_ ${key}`);
    }
    this.#documents.splice(index, 0, document);
    this.#natural.push(document);
  }

  /** Replaces the document with the same `_id`, if there is one. */
  replace(document: StoredDocument): void {
    const index = this.#find(document.plain._id);
    const old = this.#documents[index];
    if (!old) return;
    this.#documents[index] = document;
    this.#natural[this.#natural.lastIndexOf(old)] = document;
  }

  /** Removes a document and returns it, or undefined if there is none with this `_id`. */
  remove(id: unknown): StoredDocument | undefined {
    const index = this.#find(id);
    const found = this.#documents[index];
    if (!found) return undefined;
    this.#documents.splice(index, 1);
    this.#natural.splice(this.#natural.lastIndexOf(found), 1);
    return found;
  }

  /** All documents in the order in which they were inserted: what a scan of the collection gives. */
  all(): StoredDocument[] {
    return [...this.#natural];
  }

  /** The documents that can match the filter, in ascending order of `_id`: an index scan over its bounds. */
  candidates(filter: Document): StoredDocument[] {
    const ids: unknown = isOperators(filter._id) ? filter._id.$in : undefined;
    if (Array.isArray(ids) && !ids.some((id) => id instanceof RegExp)) {
      const indexes = new Set(ids.map((id) => this.#find(id)).filter((index) => index >= 0));
      return [...indexes].sort((a, b) => a - b).map((index) => this.#documents[index]!);
    }
    const { from, to } = idRange(filter);
    const start = from === undefined ? 0 : this.#firstFrom(from);
    let end = this.#documents.length;
    if (to !== undefined) {
      end = this.#firstFrom(to);
      while (end < this.#documents.length && compareValues(this.#documents[end]!.plain._id, to) === 0) end++;
    }
    return this.#documents.slice(start, end);
  }

  /** Index of the document with this `_id`, or -1. */
  #find(id: unknown): number {
    const index = this.#firstFrom(id);
    const found = this.#documents[index];
    return found && compareValues(found.plain._id, id) === 0 ? index : -1;
  }

  /** Index of the first document whose `_id` is `id` or higher. */
  #firstFrom(id: unknown): number {
    let low = 0;
    let high = this.#documents.length;
    const last = this.#documents[high - 1];
    if (last && compareValues(last.plain._id, id) < 0) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareValues(this.#documents[middle]!.plain._id, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function idRange(filter: Document): IdRange {
  const ranges = [...(Array.isArray(filter.$and) ? filter.$and.map(idRange) : [])];
  const condition: unknown = filter._id;
  if (isOperators(condition)) {
    const { $eq, $gt, $gte, $lt, $lte } = condition;
    ranges.push({ from: $eq ?? $gte ?? $gt, to: $eq ?? $lte ?? $lt });
  } else if (condition !== undefined && condition !== null && !(condition instanceof RegExp)) {
    ranges.push({ from: condition, to: condition });
  }
  const range: IdRange = {};
  for (const { from, to } of ranges) {
    if (from !== undefined && (range.from === undefined || compareValues(from, range.from) > 0)) range.from = from;
    if (to !== undefined && (range.to === undefined || compareValues(to, range.to) < 0)) range.to = to;
  }
  return range;
}

function isOperators(condition: unknown): condition is Document {
  if (typeof condition !== 'object' || condition === null) return false;
  const [first] = Object.keys(condition);
  return first?.startsWith('$') === true;
}
