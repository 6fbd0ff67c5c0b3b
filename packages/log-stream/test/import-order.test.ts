import { type ImportOrder, testImportOrder, typesOf } from '../../../test/support/import-order.ts';

const root = [
  ...['document.ts', 'errors.ts', 'filter.ts', 'log-store.ts', 'node-version.ts', 'observer.ts', 'options.ts'],
  ...['types.ts', 'volume.ts'],
];
const expressTypes = typesOf('express');

/** No store imports another store or what serves it; only program/ imports a sibling package. */
const order: ImportOrder = {
  ...Object.fromEntries(root.map((file) => [file, root])),
  'types.ts': [...root, expressTypes],
  'stores/sqlite/': [...root, 'node:'],
  'stores/mongo/': [...root, 'node:', 'mongodb', 'redis'],
  'stream/': [...root, 'node:', expressTypes],
  'limits/': [...root, expressTypes],
  'http/': [...root, 'stream/', 'limits/', 'node:', expressTypes],
  'log-stream-router.ts': [...root, 'http/', 'stream/', 'express'],
  'index.ts': [...root, 'log-stream-router.ts', 'stores/sqlite/'],
  'program/': [
    ...[...root, 'log-stream-router.ts', 'stores/mongo/', 'stores/sqlite/', 'http/problem.ts', 'node:'],
    ...['express', 'redis', 'prom-client', '@datashop/sse-metrics'],
  ],
};

describe('import order of log-stream', () => {
  testImportOrder('log-stream', new URL('../', import.meta.url), 'src/', order);
});
