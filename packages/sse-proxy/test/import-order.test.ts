import { expect } from 'chai';
import { forbiddenImports } from '../../../test/support/import-order.ts';

const rules = new URL('../biome.json', import.meta.url);

/** One import per importing file. */
const forbidden = {
  'src/errors.ts': './config/defaults.ts',
  'src/http.ts': './sse/fields.ts',
  'src/types/options.ts': '../config/defaults.ts',
  'src/index.ts': '@datashop/sse-client',
  'src/sse-proxy.ts': 'undici',
  'src/lifecycle/ticker.ts': '../hooks/observers.ts',
  'src/hooks/observers.ts': '../feed/feed.ts',
  'src/sse/framer.ts': '../lifecycle/timeout.ts',
  'src/sse/fields.ts': '../config/defaults.ts',
  'src/config/options.ts': '../sse/events.ts',
  'src/upstream/upstream-call.ts': 'undici',
  'src/upstream/upstream.ts': '../feed/feed.ts',
  'src/upstream/fast-body/socket-body.ts': '../../sse/framer.ts',
  'src/source/source-call.ts': '../feed/feed.ts',
  'src/source/source-upstream.ts': 'undici',
  'src/feed/feed-connection.ts': '../source/source-call.ts',
  'src/feed/feed.ts': '../browser/response-writer.ts',
  'src/feed/hold-timer.ts': './shared/registry.ts',
  'src/feed/shared/registry.ts': '../../hooks/call-hook.ts',
  'src/browser/response-writer.ts': '../session/stream-session.ts',
  'src/browser/fast-write/socket-sink.ts': '../../upstream/upstream.ts',
  'src/request/admission.ts': '../browser/refusal.ts',
  'src/session/subscribe.ts': '../sse-proxy.ts',
};

const allowed = {
  'src/types/options.ts': 'undici',
  'src/types/observer.ts': '../errors.ts',
  'src/sse-proxy.ts': './session/stream-session.ts',
  'src/lifecycle/ticker.ts': '../errors.ts',
  'src/hooks/observers.ts': '../lifecycle/lifetime.ts',
  'src/sse/framer.ts': './fields.ts',
  'src/config/options.ts': '../errors.ts',
  'src/upstream/upstream.ts': 'undici',
  'src/source/source-call.ts': '../sse/events.ts',
  'src/feed/feed.ts': '../upstream/upstream-call.ts',
  'src/browser/response-writer.ts': '../sse/events.ts',
  'src/request/admission.ts': '../hooks/call-hook.ts',
  'src/session/subscribe.ts': '../feed/shared/registry.ts',
};

describe('lint of the import order of sse-proxy', () => {
  it('rejects every import of sse-proxy from a lower module to a higher one, and of a sibling package', () => {
    expect(forbiddenImports(rules, forbidden)).to.deep.equal(Object.keys(forbidden).toSorted());
  });

  it('accepts every import of sse-proxy that follows the order', () => {
    expect(forbiddenImports(rules, allowed)).to.deep.equal([]);
  });
});
