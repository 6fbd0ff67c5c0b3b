import { type Document, ObjectId } from 'bson';
import { Query } from 'mingo';
import { valueAt } from './bson-order.ts';
import { CommandError } from './errors.ts';

type Test = (plain: Document) => boolean;
/** `undefined`: this document needs the general test. */
type QuickTest = (plain: Document) => boolean | undefined;

/**
 * A test for documents. Conditions on a text and on ObjectIds are tested here, because mingo is slow; all others by
 * mingo. Throws 2 if the filter is invalid.
 */
export function matcher(filter: Document): Test {
  const general = generalTest(filter);
  const quick: QuickTest[] = [];
  const rest: Document = {};
  for (const [path, condition] of Object.entries(filter)) {
    const test = path.startsWith('$') ? undefined : quickTest(path, condition);
    if (test) quick.push(test);
    else rest[path] = condition;
  }
  const others = Object.keys(rest).length > 0 ? generalTest(rest) : () => true;
  return (plain) => {
    for (const test of quick) {
      const result = test(plain);
      if (result === undefined) return general(plain);
      if (!result) return false;
    }
    return others(plain);
  };
}

function generalTest(filter: Document): Test {
  const query = refusing(() => new Query(filter));
  return (plain) => refusing(() => query.test(plain));
}

function quickTest(path: string, condition: unknown): QuickTest | undefined {
  if (typeof condition === 'string') {
    return (plain) => {
      const value = valueAt(plain, path);
      // Anything else may be or contain an array, one of whose elements matches.
      return typeof value === 'string' ? value === condition : undefined;
    };
  }
  if (path !== '_id' || typeof condition !== 'object' || condition === null) return undefined;
  const tests = Object.entries(condition).map(([operator, operand]) => idTest(operator, operand));
  if (tests.length === 0 || tests.includes(undefined)) return undefined;
  return ({ _id }) => (_id instanceof ObjectId ? tests.every((test) => test?.(_id)) : undefined);
}

function idTest(operator: string, operand: unknown): ((id: ObjectId) => boolean) | undefined {
  if (operator === '$in' && Array.isArray(operand) && operand.every((id) => id instanceof ObjectId)) {
    const ids = new Set(operand.map((id) => id.toHexString()));
    return (id) => ids.has(id.toHexString());
  }
  if (!(operand instanceof ObjectId)) return undefined;
  const compare = (id: ObjectId) => Buffer.compare(id.id, operand.id);
  const tests: Record<string, (id: ObjectId) => boolean> = {
    $gt: (id) => compare(id) > 0,
    $gte: (id) => compare(id) >= 0,
    $lt: (id) => compare(id) < 0,
    $lte: (id) => compare(id) <= 0,
  };
  return tests[operator];
}

/** What mingo refuses, MongoDB refuses, too. */
export function refusing<T>(evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(2, (error as Error).message);
  }
}
