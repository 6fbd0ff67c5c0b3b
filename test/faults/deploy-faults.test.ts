import { expect } from 'chai';
import * as rows from './rows/deploy.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe('when the proxy is deployed', () => {
  afterEach(endScenes);

  proves(rows.terminated, 'cuts spread over the grace time, nothing lost', ({ cuts, gaps, notes }) => {
    expect(gaps).to.deep.equal([]);
    expect(cuts, 'one each').to.equal(40);
    expect(notes.ended, 'said by an end event').to.equal(40);
    // 40 moments taken at random: all in one half of the grace time once in 5e11 runs.
    expect(notes.spreadMs).to.be.above(rows.graceMs / 2);
  });

  proves(rows.proxyKilled, 'resumes at another instance, one request per key', ({ cuts, gaps, requests }, mode) => {
    expect(gaps).to.deep.equal([]);
    expect(cuts).to.equal(20);
    expect(requests, 'one before, one after').to.equal(mode === 'shared' ? 2 : 40);
  });

  proves(rows.proxyKilledInFlow, 'resumes at another instance', ({ gaps, cuts }) => {
    expect(gaps).to.deep.equal([]);
    expect(cuts).to.be.at.least(60);
  });

  proves(rows.behindNginx, 'no idle cut; resumes after a reload', ({ cuts, gaps, notes }) => {
    expect(notes.cutsWhileQuiet).to.equal(0);
    expect(cuts, 'by the reload').to.equal(5);
    expect(gaps).to.deep.equal([]);
  });

  proves(rows.behindGzip, 'each event at once', (figures) => {
    unnoticed(figures);
    expect(figures.notes.compressed).to.equal(3);
  });
});
