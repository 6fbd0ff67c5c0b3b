import { expect } from 'chai';
import { run, type Way } from './mongo/run.ts';

// Long enough for the service to get its turns beside other tests.
const load = { perSecond: 100, seconds: 3, listeners: 10, slow: 2 };

describe('the bench of logs from MongoDB', () => {
  for (const way of ['change stream', 'polling'] satisfies Way[]) {
    it(`measures a service that learns of logs by ${way}, of which no listener lacks any`, async () => {
      const { written, commandsPerSecond, p50Ms, p99Ms, missing, outOfOrder, gaps, ended } = await run(way, load);
      expect({ missing, outOfOrder, gaps, ended }).to.deep.equal({ missing: 0, outOfOrder: 0, gaps: 0, ended: 0 });
      expect(written).to.be.greaterThan(0);
      expect(commandsPerSecond).to.have.property(way === 'polling' ? 'find' : 'getMore');
      expect(p99Ms).to.be.at.least(p50Ms);
    });
  }
});
