import type { Collection, Document } from 'mongodb';
import type { LogFilter } from '../../log-store.ts';
import { secondMs } from './object-ids.ts';
import { indexKey } from './selection.ts';

/** Milliseconds for which the list of indexes is taken as it was. */
const indexCheckMs = 60_000;

/** What the store needs to know of the indexes of its collection. */
export class WorkflowIndex {
  readonly #collectionOf: () => Collection;
  #name: string | undefined;
  #expiryMs: number | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #listing: Promise<void> | undefined;

  /** @param collectionOf returns the collection of the current client */
  constructor(collectionOf: () => Collection) {
    this.#collectionOf = collectionOf;
  }

  /** Creates the index that all reads of a workflow use, unless it exists, by whatever name. */
  async ensure(): Promise<void> {
    await this.#list();
    if (this.#name === undefined) await this.#collectionOf().createIndex({ ...indexKey });
    this.#checkedAt = Number.NEGATIVE_INFINITY;
  }

  /** The hint for a command that reads one workflow. Empty for other commands, and while the index is missing. */
  async hintOf({ workspaceID, workflowID }: LogFilter): Promise<{ hint?: string }> {
    if (workspaceID === undefined || workflowID === undefined) return {};
    if (this.#name === undefined) await this.#listSometimes();
    return this.#name === undefined ? {} : { hint: this.#name };
  }

  /** Milliseconds after which an index deletes documents; undefined without one, and if that is not known. */
  async expiryMs(): Promise<number | undefined> {
    await this.#listSometimes();
    return this.#expiryMs;
  }

  /** Call it when the index was dropped. */
  forget(): void {
    this.#name = undefined;
  }

  /** Simultaneous calls await one list. */
  async #listSometimes(): Promise<void> {
    if (performance.now() - this.#checkedAt > indexCheckMs) {
      this.#checkedAt = performance.now();
      this.#listing = this.#list();
    }
    await this.#listing;
  }

  /** Without the right to list indexes, the server chooses one for each read. */
  async #list(): Promise<void> {
    const indexes: Document[] = await this.#collectionOf()
      .indexes()
      .catch(() => []);
    this.#name = indexes.find(isOurIndex)?.name;
    const expiries = indexes.map(({ expireAfterSeconds }) => Number(expireAfterSeconds)).filter(Number.isFinite);
    this.#expiryMs = expiries.length > 0 ? Math.min(...expiries) * secondMs : undefined;
  }
}

function isOurIndex({ key, hidden, sparse, partialFilterExpression }: Document): boolean {
  if (hidden || sparse || partialFilterExpression) return false;
  return JSON.stringify(Object.entries(key)) === JSON.stringify(Object.entries(indexKey));
}
