import { type ImportOrder, testImportOrder, typesOf } from '../../../test/support/import-order.ts';

const root = ['errors.ts', 'options.ts', 'printable.ts', 'types.ts'];
const low = [...root, 'node:', typesOf('@datashop/sse-proxy')];

/** Only metrics/ needs prom-client; no module imports a logger or a framework. */
const order: ImportOrder = {
  'errors.ts': root,
  'options.ts': root,
  'printable.ts': root,
  'types.ts': [...low, typesOf('prom-client')],
  'node-version.ts': ['errors.ts'],
  'labels/': low,
  'metrics/': [...low, 'labels/', 'prom-client'],
  'log-service/': [...low, 'labels/'],
  'logs/': [...low, 'labels/'],
  'admin/': [...low, 'labels/', 'log-service/inspectable.ts'],
  'index.ts': [...root, 'node-version.ts', 'admin/', 'log-service/', 'logs/', 'metrics/'],
};

describe('import order of sse-metrics', () => {
  testImportOrder('sse-metrics', new URL('../', import.meta.url), 'src/', order);
});
