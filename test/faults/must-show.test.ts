import { expect } from 'chai';
import { allAtOnce } from './rows/all-at-once.ts';
import * as rows from './rows/must-show.ts';
import * as slow from './rows/slow-one.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe('what must be shown', () => {
  afterEach(endScenes);

  proves(rows.brokenManyTimes, 'nothing lost or doubled, no reconnect visible', (figures, mode) => {
    unnoticed(figures);
    expect(figures.seen.outagesMs.length, 'resumes').to.be.at.least(mode === 'shared' ? 100 : 2_000);
  });

  proves(rows.manyComeAndGo, 'nothing lost or doubled, one upstream connection', (figures) => {
    expect(figures.cuts).to.equal(500);
    expect(figures.gaps).to.deep.equal([]);
    expect(figures.requests).to.equal(1);
  });

  proves(slow.oneStopsReading, 'cut within its bound, the others see no added delay', ({ cuts, gaps, notes }) => {
    expect(cuts, 'its own').to.equal(1);
    expect({ gaps, othersCut: notes.othersCut }).to.deep.equal({ gaps: [], othersCut: 0 });
    expect(notes.mostBytesWaiting).to.be.at.most(slow.slowClient.maxBufferedBytes);
    // Medians of laps in one run: were anybody waited for, it would be maxStallMs a lap.
    expect((notes.lapMsStalled ?? 0) / (notes.lapMsControl ?? 0), 'lap, stalled / control').to.be.below(2);
  });

  proves(slow.floodOnOneStopped, 'it is cut, memory bounded', (figures) => {
    const { seen, peakMb, startMb } = figures;
    expect(Object.keys(seen.evictions)).not.to.deep.equal([]);
    expect(peakMb - startMb, 'growth').to.be.below(slow.floodMb.first + slow.floodMb.later);
  });

  proves(allAtOnce, 'nothing lost or doubled', ({ gaps }) => {
    expect(gaps).to.deep.equal([]);
  });
});
