import { expect } from 'chai';
import * as rows from './rows/fleet.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe('when three proxies share feeds over Redis', () => {
  afterEach(endScenes);

  for (const row of [rows.redisKilled, rows.redisStopped]) {
    proves(row, 'each proxy reads the upstream, then one again, and no browser notices', (figures) => {
      unnoticed(figures);
      expect(figures.notes).to.deep.equal({ readersWithout: 3, readers: 1 });
    });
  }

  for (const row of [rows.redisLosesTail, rows.redisFlushed]) {
    proves(row, 'one proxy reads the upstream in the end, and no browser notices', (figures) => {
      unnoticed(figures);
      expect(figures.notes).to.deep.equal({ readers: 1 });
    });
  }

  proves(rows.readerPaused, 'another proxy reads the upstream, and no browser gets events of both', unnoticed);

  proves(rows.streamTrimmed, 'one request fetches what is missing', (figures) => {
    unnoticed(figures);
    expect(figures.notes).to.deep.equal({ requests: 1 });
  });
});
