import { expect } from 'chai';
import { allAtOnce } from './rows/all-at-once.ts';
import * as rows from './rows/must-show.ts';
import * as slow from './rows/slow-one.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe('many faults at once', () => {
  afterEach(endScenes);

  proves(rows.brokenManyTimes, 'no browser notices', (figures, mode) => {
    unnoticed(figures);
    expect(figures.seen.outagesMs.length, 'resumes').to.be.at.least(mode === 'shared' ? 100 : 400);
  });

  proves(rows.manyComeAndGo, 'nothing is lost or repeated on one upstream connection', (figures) => {
    expect(figures.cuts).to.equal(250);
    expect(figures.gaps).to.deep.equal([]);
    expect(figures.requests).to.equal(1);
  });

  proves(
    slow.oneStopsReading,
    'it is cut within its bound, and the others see no added delay',
    ({ cuts, gaps, notes }) => {
      expect(cuts, 'its own').to.equal(1);
      expect({ gaps, othersCut: notes.othersCut }).to.deep.equal({ gaps: [], othersCut: 0 });
      expect(notes.mostBytesWaiting).to.be.at.most(slow.slowClient.maxBufferedBytes);
      // Medians of laps in one run. If the proxy waited for the slow browser, a lap would take maxStallMs.
      expect((notes.lapMsStalled ?? 0) / (notes.lapMsControl ?? 0), 'lap, stalled / control').to.be.below(4);
    },
  );

  proves(slow.floodOnOneStopped, 'it is cut, and memory stays bounded', (figures) => {
    const { seen, peakMb, startMb } = figures;
    expect(Object.keys(seen.evictions)).not.to.deep.equal([]);
    expect(peakMb - startMb, 'growth').to.be.below(slow.floodMb.first + slow.floodMb.later);
  });

  proves(allAtOnce, 'nothing is lost or repeated', ({ gaps }) => {
    expect(gaps).to.deep.equal([]);
  });
});
