import { type ImportOrder, testImportOrder, typesOf } from '../../../test/support/import-order.ts';

const root = ['errors.ts', 'http.ts', 'types.ts'];
const request = typesOf('express', 'Request');
const dispatcher = typesOf('undici', 'Dispatcher');
const upstream = [...root, 'lifecycle/', 'config/', 'upstream/fast-body/', 'node:'];
const feed = [...root, 'lifecycle/', 'sse/', 'config/', 'upstream/', 'node:'];
const belowSession = ['lifecycle/', 'hooks/', 'sse/', 'config/', 'upstream/', 'source/', 'feed/', 'feed/shared/'];
const session = [...root, ...belowSession, 'browser/', 'request/', 'node:'];
const entry = [...session, 'session/'];

/** From the lowest module to the highest. Core imports no framework and no sibling package. */
const order: ImportOrder = {
  'errors.ts': [],
  'http.ts': ['node:http'],
  'types/': ['errors.ts', 'node:http', typesOf('express', 'Request', 'RequestHandler', 'Router'), dispatcher],
  'types.ts': ['types/'],
  'runtime.ts': ['errors.ts'],
  'load-express.ts': ['errors.ts', 'node:', 'express'],
  'lifecycle/': [...root, 'node:'],
  'hooks/': [...root, 'lifecycle/', 'node:'],
  'sse/': [...root, 'node:crypto'],
  'config/': [...root, 'node:', request],
  'upstream/': upstream,
  'upstream/upstream.ts': [...upstream, 'undici'],
  'upstream/upstream-request.ts': [...upstream, request, dispatcher],
  'upstream/fast-body/': [...root, 'upstream/body-source.ts', 'node:'],
  'source/': [...root, 'lifecycle/', 'hooks/', 'sse/', 'config/', 'upstream/', 'node:', request],
  'feed/': feed,
  'feed/relay/': [...feed, 'feed/'],
  'feed/shared/': [...feed, 'feed/', 'feed/relay/'],
  'browser/': [
    ...root,
    ...['lifecycle/', 'hooks/', 'sse/', 'config/', 'browser/fast-write/', 'node:'],
    typesOf('feed/subscription.ts', 'FeedReader', 'Subscription', 'SubscriptionState'),
  ],
  'browser/fast-write/': [...root, 'browser/response-sink.ts', 'node:'],
  'request/': [...root, 'lifecycle/', 'hooks/', 'config/', 'node:', request],
  'session/': [...session, typesOf('express', 'Request', 'Response')],
  'sse-proxy.ts': [...entry, typesOf('express', 'Request', 'Response')],
  'router.ts': [...entry, 'sse-proxy.ts', 'load-express.ts', typesOf('express', 'RequestHandler', 'Router')],
  'index.ts': [...entry, 'sse-proxy.ts', 'router.ts', 'runtime.ts'],
  'demo/': ['runtime.ts', 'node:'],
};

describe('import order of sse-proxy', () => {
  testImportOrder('sse-proxy', new URL('../', import.meta.url), 'src/', order);
});
