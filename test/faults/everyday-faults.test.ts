import { expect } from 'chai';
import * as identities from './rows/identities.ts';
import * as middleware from './rows/middleware.ts';
import * as everyday from './rows/upstream-everyday.ts';
import * as ids from './rows/upstream-ids.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

const feeds = (mode: string, browsers: number) => (mode === 'shared' ? 1 : browsers);

describe('when an upstream, a middleware or an identity is unusual', () => {
  afterEach(endScenes);

  for (const row of [everyday.finite, everyday.finiteSlow]) {
    proves(row, 'all events, then the end, and no request before retry', ({ gaps, cuts, notes }) => {
      expect({ gaps, cuts, ended: notes.ended }).to.deep.equal({ gaps: [], cuts: 5, ended: 5 });
      expect(notes.askedAgainMs).to.be.at.least(everyday.retryMs);
      expect(notes.openAfterEnd, 'streams with undelivered events').to.equal(row === everyday.finiteSlow ? 3 : 0);
    });
  }

  proves(ids.sharedIds, 'every event arrives once, without a gap', ({ gaps, requests }, mode) => {
    expect(gaps).to.deep.equal([]);
    if (mode === 'shared') expect(requests, 'the first and one per resume').to.equal(7);
  });

  proves(ids.idsBeginAnew, 'each browser gets a gap, and every event since', ({ gaps, requests }) => {
    expect(gaps).to.deep.equal(Array(4).fill('ids-restarted'));
    expect(requests, 'the first and the resume').to.equal(2);
  });

  proves(
    everyday.lateHead,
    'streams open early and report that the upstream is connecting, by one request',
    (figures, mode) => {
      unnoticed(figures);
      expect(figures.notes.told).to.equal(5);
      expect(figures.requests).to.equal(feeds(mode, 5));
    },
  );

  proves(everyday.largeEvent, 'a gap in its place and all other events, by one request', (figures, mode) => {
    const { gaps, cuts, requests } = figures;
    expect({ gaps, cuts }).to.deep.equal({ gaps: Array(35).fill('event-too-large'), cuts: 0 });
    expect(requests).to.equal(feeds(mode, 5));
  });

  proves(everyday.hangs, 'browsers get reports that the upstream is lost, then restored [R43]', (figures) => {
    unnoticed(figures);
    expect(figures.notes.told).to.equal(5);
  });

  proves(
    middleware.writeWrapped,
    'each of those browsers is cut within its bound and later replayed [R41]',
    (figures) => {
      const { cuts, gaps, notes } = figures;
      expect({ cuts, gaps, othersCut: notes.othersCut }).to.deep.equal({
        cuts: middleware.pairs,
        gaps: [],
        othersCut: 0,
      });
      const bound = middleware.pairs * middleware.slowClient.maxBufferedBytes;
      expect(notes.mostBuffered).to.be.within(1, bound);
    },
  );

  proves(
    middleware.leftBefore,
    'no resource and no permit of these browsers is left [R42]',
    ({ cuts, gaps, refusals, notes }) => {
      expect({ cuts, gaps, refusals }).to.deep.equal({ cuts: 0, gaps: [], refusals: [] });
      expect(notes).to.deep.equal({ open: 0, opening: 0, opened: 0, upstreamConnections: 0, sharedFeeds: 0 });
    },
  );

  proves(
    identities.tenantChanges,
    'browsers are regrouped, and none gets events of another tenant [R51]',
    (figures) => {
      unnoticed(figures);
      expect(figures.notes).to.deep.equal({ feedsAfterToken: 1, feedsAfterTenant: 2, moved: 2, stayed: 4 });
    },
  );

  proves(
    identities.manyKeys,
    'browsers past the limit are refused, and never more feeds opened [R53]',
    ({ gaps, notes, seen }) => {
      expect(gaps).to.deep.equal([]);
      const { upstreams, refused } = identities;
      expect(notes).to.deep.equal({ mostFeeds: upstreams, within: upstreams, withinLater: upstreams });
      expect(seen.refusals).to.deep.equal({ ERR_SSE_LIMIT_UPSTREAMS: refused });
    },
  );

  proves(identities.staleToken, 'a soft refusal at first, and at the resume a new token, unnoticed [R46]', (it) => {
    expect(it.gaps).to.deep.equal([]);
    expect(Object.keys(it.seen.refusals)).to.deep.equal(['ERR_SSE_UPSTREAM_TOKEN']);
    expect(it.notes).to.include({ cutsBeforeResume: 0, cutsAfterResume: 0 });
    expect(it.notes.calls).to.be.at.least(2);
  });
});
