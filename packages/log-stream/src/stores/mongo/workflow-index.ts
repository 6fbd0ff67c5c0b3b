import type { Collection, Document } from 'mongodb';
import type { LogFilter } from '../../log-store.ts';
import { indexKey } from './selection.ts';

/** Milliseconds between two looks for the index if it is missing. */
const indexCheckMs = 60_000;

/** The index that all reads of a workflow use, by whatever name, and the hint that names it in their commands. */
export class WorkflowIndex {
  readonly #collection: Collection;
  #name: string | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(collection: Collection) {
    this.#collection = collection;
  }

  /** Creates the index unless it exists. */
  async ensure(): Promise<void> {
    if (!(await this.#find())) await this.#collection.createIndex({ ...indexKey });
    this.#checkedAt = Number.NEGATIVE_INFINITY;
  }

  /** The hint for a command that reads one workflow. Empty for other commands, and while the index is missing. */
  async hintOf({ workspaceID, workflowID }: LogFilter): Promise<{ hint?: string }> {
    if (workspaceID === undefined || workflowID === undefined) return {};
    if (this.#name === undefined && performance.now() - this.#checkedAt > indexCheckMs) {
      this.#checkedAt = performance.now();
      this.#name = await this.#find();
    }
    return this.#name === undefined ? {} : { hint: this.#name };
  }

  /** Call it when the index was dropped. */
  forget(): void {
    this.#name = undefined;
  }

  /** Its name. Undefined also without the right to list indexes: then the server chooses one. */
  async #find(): Promise<string | undefined> {
    const indexes: Document[] = await this.#collection.indexes().catch(() => []);
    return indexes.find(isOurIndex)?.name;
  }
}

function isOurIndex({ key, hidden, sparse, partialFilterExpression }: Document): boolean {
  if (hidden || sparse || partialFilterExpression) return false;
  return JSON.stringify(Object.entries(key)) === JSON.stringify(Object.entries(indexKey));
}
