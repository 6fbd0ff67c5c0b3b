import { expect } from 'chai';
import { forbiddenImports } from '../../../test/support/import-order.ts';

const rules = new URL('../biome.json', import.meta.url);

/** One import per importing file. */
const forbidden = {
  'src/notifier.ts': './connection/outcome.ts',
  'src/options.ts': './event-stream.ts',
  'src/received.ts': 'eventsource-parser',
  'src/types/snapshot.ts': '../options.ts',
  'src/event-stream.ts': 'react',
  'src/index.ts': '@datashop/sse-proxy',
  'src/react.ts': './connection/connection.ts',
  'src/react/use-snapshot.ts': '../event-stream.ts',
  'src/entries/entry-list.ts': '../persist/persistence.ts',
  'src/persist.ts': './connection/connection.ts',
  'src/connection/attempt.ts': '../entries/entry-store.ts',
  'src/connection/backoff.ts': '../event-stream.ts',
  'src/entries/entry-store.ts': '../connection/connection.ts',
  'src/entries/seen-ids.ts': 'eventsource-parser',
  'src/persist/encoding.ts': '../connection/outcome.ts',
  'src/persist/persistence.ts': '../index.ts',
  'src/tabs/leader.ts': '../entries/entry-store.ts',
  'src/tabs/page.ts': 'react',
  'src/tabs.ts': './options.ts',
  'src/events.ts': './event-stream.ts',
  'src/events/iterate.ts': '../event-stream.ts',
  'src/parse.ts': './event-stream.ts',
  'src/parse/parse-with.ts': '../entries/parse-event.ts',
};

const allowed = {
  'src/types.ts': './types/snapshot.ts',
  'src/types/snapshot.ts': './entries.ts',
  'src/notifier.ts': './environment.ts',
  'src/event-stream.ts': './connection/direct-connection.ts',
  'src/index.ts': './event-stream.ts',
  'src/react.ts': 'react',
  'src/connection/attempt.ts': '../options.ts',
  'src/connection/read-stream.ts': 'eventsource-parser',
  'src/entries/entry-store.ts': './seen-ids.ts',
  'src/persist/encoding.ts': '../persister.ts',
  'src/events.ts': './events/iterate.ts',
  'src/events/iterate.ts': '../options.ts',
  'src/parse.ts': './parse/parse-with.ts',
  'src/parse/parse-with.ts': '../options.ts',
  'src/persist.ts': './persist/persistence.ts',
  'src/tabs.ts': './tabs/shared-tabs.ts',
  'src/tabs/leader.ts': '../connection/connection.ts',
};

describe('lint of the import order', () => {
  it('rejects every import of sse-client from a lower folder to a higher one, and of a framework', () => {
    expect(forbiddenImports(rules, forbidden)).to.deep.equal(Object.keys(forbidden).toSorted());
  });

  it('accepts every import of sse-client that follows the order', () => {
    expect(forbiddenImports(rules, allowed)).to.deep.equal([]);
  });
});
