import { expect } from 'chai';
import * as rows from './rows/must-show.ts';
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
});
