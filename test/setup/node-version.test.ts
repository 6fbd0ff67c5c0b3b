import { expect } from 'chai';
import { checkedEntries, wrongRefusal } from '../../scripts/testing/refusal.mjs';

/** `npm run test:matrix` loads the packages on a real Node 20. */
const pretendsNode20 = "Object.defineProperty(process, 'versions', { value: { node: '20.11.1' } });";

describe('a Node.js that is too old', () => {
  it('every package but sse-client, which is for browsers, checks the version of Node.js', () => {
    const packages = checkedEntries().map((entry) => entry.split('/')[1]);
    expect(new Set(packages)).to.deep.equal(new Set(['log-stream', 'sse-metrics', 'sse-proxy', 'sse-redis']));
  });

  for (const entry of checkedEntries()) {
    it(`${entry} prints one line, neither fields nor a stack, when a Node.js that is too old loads it`, () => {
      expect(wrongRefusal(process.execPath, entry, pretendsNode20)).to.equal(undefined);
    });
  }
});
