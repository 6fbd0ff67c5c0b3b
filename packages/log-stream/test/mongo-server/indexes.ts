import type { Document, ObjectId } from 'bson';
import type { Collection, Index } from './collection.ts';
import { CommandError, notBuilt } from './errors.ts';

/** How a query finds its documents. */
export interface Plan {
  /** Undefined: it reads the whole collection. */
  readonly index: Index | undefined;
  readonly direction: 'forward' | 'backward';
  /** True if the index does not give the order that the query asks for. */
  readonly sorts: boolean;
}

/** Conditions of a filter that an index can be searched by. */
export interface Constraints {
  readonly equal: ReadonlySet<string>;
  readonly ranged: ReadonlySet<string>;
}

/** Chooses the index with the most leading fields that the filter or the sort uses, or the one of the hint. */
export function choosePlan(collection: Collection | undefined, filter: Document, sort: Document, hint: unknown): Plan {
  const indexes = collection?.indexes ?? [];
  const constraints = constraintsOf(filter);
  if (hint !== undefined && !isEmpty(hint)) {
    if (isNatural(hint)) return planOf(undefined, sort, constraints);
    return planOf(findHinted(indexes, hint), sort, constraints);
  }
  const scored = indexes
    .map((index) => ({ index, score: scoreOf(index, constraints, sort) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  return planOf(scored[0]?.index, sort, constraints);
}

function findHinted(indexes: readonly Index[], hint: unknown): Index {
  const key = JSON.stringify(hint);
  const found = indexes.find(({ name, key: pattern }) => hint === name || JSON.stringify(pattern) === key);
  if (!found) {
    const text = 'error processing query: planner returned error :: caused by :: hint provided does not correspond';
    throw new CommandError(2, `${text} to an existing index`);
  }
  return found;
}

function scoreOf(index: Index, { equal, ranged }: Constraints, sort: Document): number {
  let score = 0;
  for (const path of Object.keys(index.key)) {
    if (equal.has(path)) score += 2;
    else {
      if (ranged.has(path)) score += 1;
      break;
    }
  }
  if (sortedBy(sort, equal).length > 0 && directionFor(index, sort, equal)) score += 1;
  return score;
}

function planOf(index: Index | undefined, sort: Document, { equal }: Constraints): Plan {
  const asked = sortedBy(sort, equal).length > 0;
  const direction = index && asked ? directionFor(index, sort, equal) : undefined;
  return { index, direction: direction ?? 'forward', sorts: asked && !direction };
}

/** The parts of a sort that order the documents: a field that has only one value does not. */
function sortedBy(sort: Document, equal: ReadonlySet<string>): [string, unknown][] {
  return Object.entries(sort).filter(([path]) => !equal.has(path));
}

/** The direction in which the index gives this order. */
function directionFor(index: Index, sort: Document, equal: ReadonlySet<string>): Plan['direction'] | undefined {
  const keys = Object.entries(index.key);
  const first = keys.findIndex(([path]) => !equal.has(path));
  const rest = first < 0 ? [] : keys.slice(first);
  const wanted = sortedBy(sort, equal);
  if (wanted.length > rest.length) return undefined;
  const signs = new Set(
    wanted.map(([path, order], i) => (rest[i]?.[0] === path ? Number(order) * Number(rest[i]?.[1]) : 0)),
  );
  if (signs.size !== 1 || signs.has(0)) return undefined;
  return signs.has(1) ? 'forward' : 'backward';
}

export function constraintsOf(filter: Document): Constraints {
  const equal = new Set<string>();
  const ranged = new Set<string>();
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and' && Array.isArray(condition)) {
      for (const inner of condition.map(constraintsOf)) {
        for (const name of inner.equal) equal.add(name);
        for (const name of inner.ranged) ranged.add(name);
      }
    } else if (!path.startsWith('$')) {
      const operators = operatorsOf(condition);
      if (operators.length === 0 || operators.includes('$eq')) equal.add(path);
      else if (operators.some((name) => ['$gt', '$gte', '$lt', '$lte', '$in'].includes(name))) ranged.add(path);
    }
  }
  return { equal, ranged };
}

function operatorsOf(condition: unknown): string[] {
  if (typeof condition !== 'object' || condition === null) return [];
  if (condition instanceof RegExp) return ['$regex'];
  return Object.keys(condition as Document | ObjectId).filter((name) => name.startsWith('$'));
}

const isEmpty = (hint: unknown) => typeof hint === 'object' && hint !== null && Object.keys(hint).length === 0;
const isNatural = (hint: unknown) => typeof hint === 'object' && hint !== null && '$natural' in hint;

const indexOptions = new Set(['key', 'name', 'v', 'background', 'expireAfterSeconds']);

/** Checks one element of `createIndexes`. Returns the index to add, or undefined if the collection has it. */
export function newIndex(collection: Collection, spec: Document): Index | undefined {
  const { key, name, expireAfterSeconds } = spec;
  if (typeof name !== 'string' || typeof key !== 'object' || key === null || isEmpty(key)) {
    throw new CommandError(67, 'an index needs a name and a key');
  }
  const unknown = Object.keys(spec).find((option) => !indexOptions.has(option));
  if (unknown !== undefined) throw notBuilt(`the index option ${unknown}`);
  const wrong = Object.entries(key).find(([, order]) => order !== 1 && order !== -1);
  if (wrong) throw notBuilt(`the index key ${JSON.stringify(wrong)}`);
  const sameName = collection.indexes.find((index) => index.name === name);
  const sameKey = collection.indexes.find((index) => JSON.stringify(index.key) === JSON.stringify(key));
  if (sameName && sameName !== sameKey) {
    throw new CommandError(86, `An existing index has the same name as the requested index: ${name}`);
  }
  if (sameKey && !sameName) {
    throw new CommandError(85, `Index already exists with a different name: ${sameKey.name}`);
  }
  if (sameName) return undefined;
  return { v: 2, key, name, ...(expireAfterSeconds !== undefined && { expireAfterSeconds }) };
}
