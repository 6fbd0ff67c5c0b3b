import { expect } from 'chai';
import { forbiddenImports } from '../../../test/support/import-order.ts';

const rules = new URL('../biome.json', import.meta.url);

/** One import per importing file. */
const forbidden = {
  'src/options.ts': './connection/connection.ts',
  'src/errors.ts': './index.ts',
  'src/connection/connection.ts': '../limits/redis-limiter.ts',
  'src/connection/script.ts': '@datashop/sse-proxy',
  'src/limits/redis-limiter.ts': '../feeds/redis-feeds.ts',
  'src/limits/scripts.ts': 'redis',
  'src/feeds/redis-feeds.ts': '../limits/redis-limiter.ts',
};

const allowed = {
  'src/options.ts': './errors.ts',
  'src/types.ts': 'redis',
  'src/connection/open-client.ts': 'redis',
  'src/connection/connection.ts': '../errors.ts',
  'src/limits/redis-limiter.ts': '@datashop/sse-proxy',
  'src/limits/scripts.ts': '../connection/script.ts',
  'src/feeds/redis-feeds.ts': '../connection/connection.ts',
  'src/index.ts': './limits/redis-limiter.ts',
};

describe('lint of sse-redis’ import order', () => {
  it('rejects every import of sse-redis from a lower folder to a higher one, and of limits from feeds', () => {
    expect(forbiddenImports(rules, forbidden)).to.deep.equal(Object.keys(forbidden).toSorted());
  });

  it('accepts every import of sse-redis that follows the order', () => {
    expect(forbiddenImports(rules, allowed)).to.deep.equal([]);
  });
});
