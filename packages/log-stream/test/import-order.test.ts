import { expect } from 'chai';
import { forbiddenImports } from '../../../test/support/import-order.ts';

const rules = new URL('../biome.json', import.meta.url);

/** One import per importing file. */
const forbidden = {
  'src/errors.ts': 'express',
  'src/filter.ts': './log-stream-router.ts',
  'src/types.ts': '@datashop/sse-proxy',
  'src/index.ts': '@datashop/sse-proxy',
  'src/log-stream-router.ts': '@datashop/sse-client',
  'src/stores/sqlite/store.ts': '../../stream/tail.ts',
  'src/stores/sqlite/database.ts': 'express',
  'src/stores/sqlite/event-id.ts': '../../http/page.ts',
  'src/stores/sqlite/wakeups.ts': '../../index.ts',
  'src/stores/mongo/store.ts': '../sqlite/store.ts',
  'src/stores/mongo/watch.ts': '../../stream/tail.ts',
  'src/stores/sqlite/page.ts': 'mongodb',
  'src/stream/reader.ts': '../http/query.ts',
  'src/stream/tail.ts': '../stores/sqlite/store.ts',
  'src/stream/frames.ts': '@datashop/sse-proxy',
  'src/http/page.ts': '../stores/sqlite/store.ts',
  'src/http/query.ts': '../log-stream-router.ts',
  'src/limits/limiter.ts': '../http/query.ts',
  'src/program/main.ts': '../http/query.ts',
};

const allowed = {
  'src/options.ts': './errors.ts',
  'src/types.ts': 'express',
  'src/index.ts': './stores/sqlite/store.ts',
  'src/log-stream-router.ts': './http/page.ts',
  'src/stores/sqlite/store.ts': '../../options.ts',
  'src/stores/sqlite/database.ts': 'node:sqlite',
  'src/stores/sqlite/event-id.ts': 'node:crypto',
  'src/stores/mongo/store.ts': 'mongodb',
  'src/stores/mongo/page.ts': '../../filter.ts',
  'src/stream/reader.ts': 'node:timers/promises',
  'src/stream/open-streams.ts': '../errors.ts',
  'src/http/open-stream.ts': '../limits/limiter.ts',
  'src/limits/limiter.ts': 'express',
  'src/program/main.ts': '../stores/sqlite/store.ts',
};

describe('lint of log-stream’s import order', () => {
  it('rejects every import of log-stream from a lower folder to a higher one, and of a sibling package', () => {
    expect(forbiddenImports(rules, forbidden)).to.deep.equal(Object.keys(forbidden).toSorted());
  });

  it('accepts every import of log-stream that follows the order', () => {
    expect(forbiddenImports(rules, allowed)).to.deep.equal([]);
  });
});
