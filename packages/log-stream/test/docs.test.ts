import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { configOf } from '../src/options.ts';
import { rules as mongoRules } from '../src/stores/mongo/options.ts';
import { rules as sqliteRules } from '../src/stores/sqlite/options.ts';
import { SqliteLogStore } from '../src/stores/sqlite/store.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const fallbacks = (rules: Record<string, readonly unknown[]>) =>
  Object.fromEntries(Object.entries(rules).map(([name, [fallback]]) => [name, fallback]));

/** Defaults that the README describes in words, by option. */
const inWords: Record<string, string> = {
  store: 'required',
  token: 'left out',
  authorize: 'every client that has the token',
  onError: '`process.emitWarning`',
  path: 'required',
  server: 'required',
  collection: 'required',
  database: 'the database of the connection string',
  wakeups: 'none',
};

/** The rows of the option table whose first option is `first`: name → default. */
function tableOf(first: string): Record<string, string> {
  const [, table = ''] =
    new RegExp(`\\| option \\| meaning \\| default \\|\\n.*\\n((?=\\| \`${first}\`)(?:\\|.*\\n)*)`).exec(readme) ?? [];
  return Object.fromEntries(
    [...table.matchAll(/^\| `(\w+)` \| .* \| (.*) \|$/gm)].map(([, name, cell]) => [name, cell!]),
  );
}

/** The value that a cell shows: `15 000`, `false`, `'auto'`, `[]` or an object of these. */
function readCell(cell: string): unknown {
  const text = cell.replaceAll('`', '');
  if (/^[\d _]+$/.test(text)) return Number(text.replaceAll(/[ _]/g, ''));
  const object = /^\{ (.*) \}$/.exec(text);
  if (object) {
    return Object.fromEntries(
      object[1]!.split(', ').map((member) => {
        const [name, value = ''] = member.split(': ');
        return [name, readCell(value)];
      }),
    );
  }
  return JSON.parse(text.replaceAll("'", '"'));
}

describe('the README of log-stream', () => {
  let store: SqliteLogStore;
  before(() => {
    store = new SqliteLogStore({ path: ':memory:' });
  });
  after(() => store.close());

  for (const [owner, first, defaults] of [
    ['logStreamRouter', 'store', () => ({ ...configOf({ store, token: false }), token: undefined })],
    ['SqliteLogStore', 'path', () => fallbacks(sqliteRules)],
    ['MongoLogStore', 'server', () => fallbacks(mongoRules)],
  ] as const) {
    it(`the README has a row for every option of ${owner}, with the default of the code`, () => {
      const rows = tableOf(first);
      const inCode: Record<string, unknown> = defaults();
      expect(Object.keys(rows).toSorted()).to.deep.equal(Object.keys(inCode).toSorted());
      for (const [name, cell] of Object.entries(rows)) {
        if (name in inWords) expect(cell, name).to.equal(inWords[name]);
        else expect(readCell(cell), name).to.deep.equal(inCode[name]);
      }
    });
  }
});
