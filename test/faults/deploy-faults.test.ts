import { expect } from 'chai';
import * as rows from './rows/deploy.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe('when the proxy is deployed', () => {
  afterEach(endScenes);

  proves(rows.terminated, 'cuts are spread over the grace time', ({ cuts, gaps, notes }) => {
    expect(gaps).to.deep.equal([]);
    expect(cuts, 'one each').to.equal(40);
    expect(notes.ended, 'with an end event').to.equal(40);
    // 40 random moments fall into one half of the grace time once in 5e11 runs.
    expect(notes.spreadMs).to.be.above(rows.graceMs / 2);
  });

  proves(
    rows.proxyKilled,
    'browsers resume at another instance, with one request per key',
    ({ cuts, gaps, requests }, mode) => {
      expect(gaps).to.deep.equal([]);
      expect(cuts).to.equal(20);
      expect(requests, 'one before, one after').to.equal(mode === 'shared' ? 2 : 40);
    },
  );

  proves(rows.proxyKilledInFlow, 'browsers resume at another instance', ({ gaps, cuts }) => {
    expect(gaps).to.deep.equal([]);
    expect(cuts).to.be.at.least(40);
  });

  proves(rows.behindNginx, 'no cut while idle, and a resume after the reload', ({ cuts, gaps, notes }) => {
    expect(notes.cutsWhileQuiet).to.equal(0);
    expect(cuts, 'by the reload').to.equal(5);
    expect(gaps).to.deep.equal([]);
  });

  proves(rows.behindGzip, 'each event arrives before the next is sent', (figures) => {
    unnoticed(figures);
    expect(figures.notes.compressed).to.equal(3);
  });
});
