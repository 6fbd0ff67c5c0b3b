import { type ImportOrder, testImportOrder, typesOf } from '../../../test/support/import-order.ts';

const root = ['errors.ts', 'options.ts', 'types.ts'];

/** limits/ and feeds/ do not import each other, and only connection/ imports redis. */
const order: ImportOrder = {
  'errors.ts': root,
  'options.ts': root,
  'types.ts': [...root, typesOf('@datashop/sse-proxy'), typesOf('redis')],
  'connection/': [...root, 'node:', 'redis'],
  'limits/': [...root, 'connection/', 'node:', '@datashop/sse-proxy'],
  'feeds/': [...root, 'connection/', 'node:', typesOf('@datashop/sse-proxy')],
  'index.ts': [...root, 'feeds/', 'limits/'],
};

describe('import order of sse-redis', () => {
  testImportOrder('sse-redis', new URL('../', import.meta.url), 'src/', order);
});
