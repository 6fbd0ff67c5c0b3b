import { expect } from 'chai';
import * as rows from './rows/browsers.ts';
import { proves } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe('when browsers fail', () => {
  afterEach(endScenes);

  proves(rows.stopsReading, 'it alone is cut, and later replayed', ({ cuts, gaps, notes, seen }) => {
    expect({ cuts, gaps, notes }).to.deep.equal({ cuts: 1, gaps: [], notes: { othersCut: 0 } });
    expect(Object.values(seen.evictions)).to.deep.equal([1]);
  });

  proves(rows.vanishes, 'it is cut, and the upstream connection closes with the last browser', ({ seen }) => {
    expect(seen.closes).to.deep.equal({ evicted: 1 });
  });

  proves(rows.churn, 'the other browsers are unaffected, with one upstream request', ({ gaps, requests }, mode) => {
    expect(gaps).to.deep.equal([]);
    if (mode === 'shared') expect(requests).to.equal(1);
  });

  proves(rows.storm, 'all browsers are replayed what they missed', ({ cuts, gaps, refusals, requests }, mode) => {
    expect({ cuts, gaps, refusals }).to.deep.equal({ cuts: 1_000, gaps: [], refusals: [] });
    expect(requests).to.equal(mode === 'shared' ? 1 : 2_000);
  });

  proves(rows.joinDuringResume, 'no gap and no repeat between replay and live [R30]', ({ gaps, requests }, mode) => {
    expect(gaps).to.deep.equal([]);
    if (mode === 'shared') expect(requests).to.equal(1);
  });

  proves(rows.trimmed, 'browsers are replayed from the upstream by one request', ({ cuts, gaps, requests }) => {
    expect({ cuts, gaps, requests }).to.deep.equal({ cuts: 0, gaps: [], requests: 2 });
  });

  proves(rows.trimmedFar, 'browsers are replayed from the upstream', ({ gaps }) => {
    expect(gaps).to.deep.equal([]);
  });

  proves(rows.trimmedAssigned, 'a gap for the browser that missed events', ({ cuts, gaps, requests }) => {
    expect({ cuts, gaps, requests }).to.deep.equal({ cuts: 1, gaps: ['unknown-id'], requests: 1 });
  });
});
