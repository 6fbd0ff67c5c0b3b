import type { Collection, Document } from 'mongodb';
import type { LogFilter } from '../../log-store.ts';
import { secondMs } from './object-ids.ts';
import { indexKey } from './selection.ts';

/** Milliseconds for which a list of the indexes counts as current. */
const indexCheckMs = 60_000;

/** The collection's indexes, as far as the store needs them: the name of its own, and the expiry. */
export class WorkflowIndex {
  readonly #collectionOf: () => Collection;
  #name: string | undefined;
  #expiryMs: number | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #listing: Promise<void> | undefined;
  #building = 0;

  /** @param collectionOf returns the collection of the current client */
  constructor(collectionOf: () => Collection) {
    this.#collectionOf = collectionOf;
  }

  /** True if the index that all reads of a workflow use exists, under whatever name. */
  async exists(): Promise<boolean> {
    await this.#list();
    return this.#name !== undefined;
  }

  /** Calls the command that creates the index. The next read lists the indexes again. */
  async create(command: () => Promise<unknown>): Promise<void> {
    this.#building++;
    try {
      await command();
    } finally {
      this.#building--;
      this.#checkedAt = Number.NEGATIVE_INFINITY;
    }
  }

  /** True while a command that creates the index is running. */
  get isBuilding(): boolean {
    return this.#building > 0;
  }

  /** The hint for a command that reads one workflow. Empty for other commands, and while the index is missing. */
  async hintOf({ workspaceID, workflowID }: LogFilter): Promise<{ hint?: string }> {
    if (workspaceID === undefined || workflowID === undefined) return {};
    if (this.#name === undefined) await this.#listSometimes();
    return this.#name === undefined ? {} : { hint: this.#name };
  }

  /** Milliseconds after which an index deletes documents; undefined if none does, or if the indexes can't be listed. */
  async expiryMs(): Promise<number | undefined> {
    await this.#listSometimes();
    return this.#expiryMs;
  }

  /** Call it when the index was dropped. */
  forget(): void {
    this.#name = undefined;
  }

  /** Simultaneous calls share one list. */
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
