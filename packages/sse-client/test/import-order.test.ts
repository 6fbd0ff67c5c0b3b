import { type ImportOrder, testImportOrder } from '../../../test/support/import-order.ts';

const root = [
  ...['delivery.ts', 'environment.ts', 'event-parser.ts', 'fingerprint.ts', 'idle-status.ts', 'listen.ts'],
  ...['notifier.ts', 'options.ts', 'persister.ts', 'received.ts', 'types.ts'],
];

/** No module imports a sibling package; the core imports no framework and nothing that a page may leave out. */
const order: ImportOrder = {
  ...Object.fromEntries(root.map((file) => [file, root])),
  'types/': [],
  'types.ts': ['types/'],
  'connection/': [...root, 'eventsource-parser'],
  'entries/': root,
  'events/': root,
  'parse/': root,
  'persist/': root,
  'tabs/': [...root, 'connection/'],
  'idle-snapshot.ts': [...root, 'entries/'],
  'react/': ['idle-snapshot.ts', 'types.ts', 'react'],
  'event-stream.ts': [...root, 'connection/', 'entries/'],
  'index.ts': ['event-stream.ts', 'types.ts'],
  'events.ts': ['types.ts', 'events/'],
  'parse.ts': ['types.ts', 'parse/'],
  'persist.ts': ['types.ts', 'persist/'],
  'react.ts': [...root, 'event-stream.ts', 'react/', 'react'],
  'tabs.ts': ['types.ts', 'tabs/'],
};

describe('import order of sse-client', () => {
  testImportOrder('sse-client', new URL('../', import.meta.url), 'src/', order);
});
