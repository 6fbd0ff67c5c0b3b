import { expect } from 'chai';
import { forbiddenImports } from '../../../test/support/import-order.ts';

const rules = new URL('../biome.json', import.meta.url);

/** One import per importing file. */
const forbidden = {
  'src/options.ts': './labels/values.ts',
  'src/errors.ts': './index.ts',
  'src/labels/values.ts': '../metrics/live-set.ts',
  'src/labels/bounded-labels.ts': 'prom-client',
  'src/metrics/live-set.ts': '../logs/fields.ts',
  'src/logs/fields.ts': 'prom-client',
  'src/logs/access-log.ts': 'pino',
  'src/admin/view.ts': '../logs/fields.ts',
  'src/log-service/for-log-service.ts': '@datashop/log-stream',
  'src/admin/html.ts': 'express',
};

const allowed = {
  'src/options.ts': './errors.ts',
  'src/types.ts': 'prom-client',
  'src/labels/values.ts': '@datashop/sse-proxy',
  'src/metrics/observed-metrics.ts': 'prom-client',
  'src/metrics/live-set.ts': '../labels/bounded-labels.ts',
  'src/logs/hash-id.ts': 'node:crypto',
  'src/admin/view.ts': '../printable.ts',
  'src/index.ts': './admin/admin-page.ts',
};

describe('lint of sse-metrics’ import order', () => {
  it('rejects every import of sse-metrics from a lower folder to a higher one, and of a logger or a framework', () => {
    expect(forbiddenImports(rules, forbidden)).to.deep.equal(Object.keys(forbidden).toSorted());
  });

  it('accepts every import of sse-metrics that follows the order', () => {
    expect(forbiddenImports(rules, allowed)).to.deep.equal([]);
  });
});
