import { type ImportOrder, testImportOrder, typesOf } from '../../../test/support/import-order.ts';

const designSystem = '@innovaccer/design-system';
const ui = 'ui/index.ts';
const demo = '../../src/demo.ts';
const icons = ['../icon.svg', '../icon-errors.svg'];
const client = typesOf('@datashop/sse-client');
const drawn = ['react', designSystem];

/** The shell without what is drawn. */
const shell = [
  ...['address.ts', 'api-error.ts', 'api.ts', 'log-file.ts', 'log.ts', 'retry.ts', 'retrying-load.ts'],
  'sign-in-signal.ts',
];
/** The page around the two modes. */
const frame = ['header.tsx', 'mode-tabs.tsx', 'no-access-page.tsx', 'session.tsx', 'signed-out-page.tsx'];
const frameStyles = ['header.css', 'mode-tabs.css', 'signed-out-page.css'];

const order: ImportOrder = {
  ...Object.fromEntries(shell.map((file) => [file, [...shell, demo, 'react', typesOf('@datashop/log-stream')]])),
  'text/': ['anser'],
  'ui/': ['log.ts', ...drawn],
  'volume/': ['log.ts', ui, 'react'],
  'filters/': ['address.ts', 'log.ts', ui, 'react'],
  'normal/': [
    ...['address.ts', 'api-error.ts', 'api.ts', 'log-file.ts', 'log.ts', 'retrying-load.ts', 'session.tsx'],
    ...['filters/', 'text/', 'volume/', ui, ...drawn],
  ],
  'stream/logic/': [
    ...['log.ts', 'log-file.ts', 'text/', 'filters/log-filter.ts', 'volume/volume.ts', 'volume/volume-counter.ts'],
    client,
  ],
  'stream/state/': [
    ...['stream/logic/', 'address.ts', 'api-error.ts', 'api.ts', 'retrying-load.ts', 'filters/log-filter.ts'],
    ...['filters/use-filters.ts', 'volume/volume.ts', ui, demo, 'react', client],
    ...['events', 'persist', 'react', 'tabs'].map((name) => `@datashop/sse-client/${name}`),
  ],
  'stream/list/': [
    ...['stream/logic/', 'stream/state/', 'address.ts', 'api-error.ts', 'log-file.ts', 'log.ts', 'retrying-load.ts'],
    ...['filters/', 'text/', ui, ...drawn, 'react-dom', client],
  ],
  'stream/bar/': [
    ...['stream/logic/', 'stream/state/', 'api-error.ts', 'api.ts', 'log-file.ts', 'retrying-load.ts'],
    ...['filters/', 'volume/', ui, ...drawn],
  ],
  'stream/': [
    ...['stream/logic/', 'stream/state/', 'stream/list/', 'stream/bar/', 'address.ts', 'filters/', ui, 'react'],
    ...icons,
  ],
  ...Object.fromEntries(
    frame.map((file) => [file, [...shell, ...frame, ...frameStyles, 'stream/index.ts', ui, demo, ...icons, ...drawn]]),
  ),
  'app.tsx': [...shell, ...frame, ...frameStyles, 'normal/normal-mode.tsx', 'stream/index.ts', 'react'],
  'main.tsx': [
    ...['app.tsx', 'session.tsx', 'styles/design-system.css', 'styles/page.css', 'styles/tokens.css', ui],
    ...['react-dom/client', `${designSystem}/css`],
    ...[400, 600, 700].map((weight) => `@fontsource/nunito-sans/latin-${weight}.css`),
  ],
};

describe('import order of the log viewer', () => {
  testImportOrder('the log viewer', new URL('../', import.meta.url), 'web/src/', order);
});
