import type { Binary, Document, ObjectId, Timestamp } from 'bson';

/** Rank of a value's type in MongoDB's order of BSON values. */
function rank(value: unknown): number {
  if (value === undefined || value === null) return 1;
  if (typeof value === 'number' || typeof value === 'bigint') return 2;
  if (typeof value === 'string') return 3;
  if (typeof value === 'boolean') return 8;
  if (Array.isArray(value)) return 5;
  if (value instanceof Date) return 9;
  if (value instanceof RegExp) return 11;
  const ranks: Record<string, number> = {
    MinKey: 0,
    Long: 2,
    Decimal128: 2,
    BSONSymbol: 3,
    Binary: 6,
    ObjectId: 7,
    Timestamp: 10,
    BSONRegExp: 11,
    MaxKey: 13,
  };
  return ranks[(value as { _bsontype?: string })._bsontype ?? ''] ?? 4;
}

const compareScalars = <T extends number | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** Compares two values of plain documents in MongoDB's order. */
export function compareValues(a: unknown, b: unknown): number {
  const type = rank(a);
  const otherType = rank(b);
  if (type !== otherType) return type - otherType;
  switch (type) {
    case 2:
      return compareScalars(Number(a), Number(b));
    case 3:
      return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
    case 4:
      return compareFields(Object.entries(a as Document), Object.entries(b as Document));
    case 5:
      return compareFields(Object.entries(a as unknown[]), Object.entries(b as unknown[]));
    case 6:
      return compareBinaries(a as Binary, b as Binary);
    case 7:
      return Buffer.compare((a as ObjectId).id, (b as ObjectId).id);
    case 8:
    case 9:
      return compareScalars(Number(a), Number(b));
    case 10:
      return compareScalars((a as Timestamp).toBigInt(), (b as Timestamp).toBigInt());
    case 11:
      return String(a) < String(b) ? -1 : Number(String(a) > String(b));
    default:
      return 0;
  }
}

function compareFields(a: [string, unknown][], b: [string, unknown][]): number {
  for (const [index, [name, value]] of a.entries()) {
    const other = b[index];
    if (!other) return 1;
    const order =
      rank(value) - rank(other[1]) ||
      Buffer.compare(Buffer.from(name), Buffer.from(other[0])) ||
      compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareBinaries(a: Binary, b: Binary): number {
  return a.length() - b.length() || a.sub_type - b.sub_type || Buffer.compare(a.value(), b.value());
}

/** The value at a dotted path of a document; paths through arrays are not resolved. */
export function valueAt(document: Document, path: string): unknown {
  let value: unknown = document;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Document)[name];
  }
  return value;
}

/** A comparison of documents by a sort specification such as `{ _id: -1 }`. */
export function bySort(sort: Document): (a: Document, b: Document) => number {
  const keys = Object.entries(sort);
  return (a, b) => {
    for (const [path, direction] of keys) {
      const order = compareValues(valueAt(a, path), valueAt(b, path));
      if (order !== 0) return order * Number(direction);
    }
    return 0;
  };
}
