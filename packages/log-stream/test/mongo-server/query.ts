import type { Document } from 'bson';
import { aggregate, find, Query } from 'mingo';
import { bySort } from './bson-order.ts';
import type { StoredDocument } from './collection.ts';
import { CommandError, notBuilt } from './errors.ts';

/** Documents between two looks at the clock. */
const documentsPerCheck = 256;

/** Throws 50 once the time that a command may take is over. */
export class Deadline {
  readonly #end: number;

  /** @param ms undefined or 0: no bound */
  constructor(ms: number | undefined) {
    this.#end = ms ? performance.now() + ms : Number.POSITIVE_INFINITY;
  }

  check(): void {
    if (performance.now() > this.#end) throw new CommandError(50, 'operation exceeded time limit');
  }
}

/** A test for documents. Throws 2 if the filter is invalid. */
export function matcher(filter: Document): (plain: Document) => boolean {
  const query = refusing(() => new Query(filter));
  return (plain) => refusing(() => query.test(plain));
}

/** The documents that match, in their order: at most `limit`. */
export function select(
  documents: Iterable<StoredDocument>,
  filter: Document,
  deadline: Deadline,
  limit = Number.POSITIVE_INFINITY,
): StoredDocument[] {
  const matches = matcher(filter);
  const selected: StoredDocument[] = [];
  let examined = 0;
  for (const document of documents) {
    if (selected.length === limit) break;
    if (examined++ % documentsPerCheck === 0) deadline.check();
    if (matches(document.plain)) selected.push(document);
  }
  return selected;
}

export function sortDocuments(documents: readonly StoredDocument[], sort: Document): StoredDocument[] {
  for (const [path, direction] of Object.entries(sort)) {
    if (direction !== 1 && direction !== -1) throw notBuilt(`the sort order ${JSON.stringify(direction)} of ${path}`);
  }
  const order = bySort(sort);
  return [...documents].sort((a, b) => order(a.plain, b.plain));
}

/** The given fields of exact documents. */
export function project(documents: readonly Document[], projection: Document | undefined): Document[] {
  if (!projection || Object.keys(projection).length === 0) return [...documents];
  return refusing(() => find<Document>([...documents], {}, projection).all());
}

/** Runs stages of an aggregation pipeline. */
export function runStages(documents: readonly Document[], stages: readonly Document[]): Document[] {
  return refusing(() => aggregate([...documents], stages as Parameters<typeof aggregate>[1]) as Document[]);
}

/** What mingo refuses, MongoDB refuses, too. */
function refusing<T>(evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(2, (error as Error).message);
  }
}
