import { expect } from 'chai';
import * as rows from './rows/processes.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe("when the proxy's process is in trouble", () => {
  afterEach(endScenes);

  proves(rows.loopStalls, 'events are late, none is lost, and no timeout fires', (figures) => {
    unnoticed(figures);
    expect(figures.seen.outagesMs).to.deep.equal([]);
  });

  proves(rows.clockJumps, 'no browser notices', ({ gaps, notes, requests, seen }, mode) => {
    expect(gaps).to.deep.equal([]);
    expect(notes).to.deep.equal({ cutsBeforeTheBlip: 0 });
    expect(seen.outagesMs).to.deep.equal([]);
    if (mode === 'shared') expect(requests).to.equal(1);
  });

  proves(
    rows.fdsRunOut,
    'open streams go on, and new browsers get in later',
    ({ gaps, notes, requests, cuts, refusals }) => {
      expect(gaps).to.deep.equal([]);
      expect(notes.openAtTheLimit).to.be.below(10);
      expect(cuts, 'cuts other than refusals').to.equal(refusals.length);
      expect(requests).to.be.at.most(notes.attempts ?? 0);
    },
  );

  proves(rows.smallHeap, 'they are cut before the process runs out of memory, and later replayed', ({ gaps, seen }) => {
    expect(gaps).to.deep.equal([]);
    expect(Object.values(seen.evictions).reduce((sum, n) => sum + n, 0)).to.be.at.least(10);
  });

  proves(rows.hooksFail, 'that request fails, and no other browser notices', ({ gaps, seen }) => {
    expect(gaps).to.deep.equal([]);
    expect(Object.keys(seen.refusals).toSorted()).to.deep.equal(['ERR_SSE_HOOK', 'ERR_SSE_HOOK_TIMEOUT']);
    expect(seen.closes).to.deep.equal({ 'browser-left': 5 });
  });

  proves(rows.logBlocked, 'lines are dropped and counted, and no browser notices', ({ gaps, notes }) => {
    expect(gaps).to.deep.equal([]);
    expect(notes.dropped).to.be.above(0);
    expect((notes.dropped ?? 0) + (notes.logged ?? 0)).to.be.at.least(205);
  });
});
