import type { Document } from 'bson';
import { aggregate, find } from 'mingo';
import { bySort } from './bson-order.ts';
import { CommandError, notBuilt } from './errors.ts';
import { matcher, refusing } from './matcher.ts';
import type { StoredDocument } from './stored-document.ts';

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

/** The documents with the given fields, ready to be sent. */
export function project(
  documents: readonly StoredDocument[],
  projection: Document | undefined,
): (Document | Uint8Array)[] {
  if (!projection || Object.keys(projection).length === 0) return documents.map(({ bytes }) => bytes);
  // Every covered query asks for this.
  if (Object.keys(projection).length === 1 && projection._id === 1)
    return documents.map(({ plain: { _id } }) => ({ _id }));
  const exact = documents.map((document) => document.exact);
  return refusing(() => find<Document>(exact, {}, projection).all());
}

/** Runs stages of an aggregation pipeline. */
export function runStages(documents: readonly Document[], stages: readonly Document[]): Document[] {
  return refusing(() => aggregate([...documents], stages as Parameters<typeof aggregate>[1]) as Document[]);
}
