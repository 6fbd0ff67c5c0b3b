import { expect } from 'chai';
import * as rows from './rows/upstream.ts';
import * as answers from './rows/upstream-answers.ts';
import * as connects from './rows/upstream-connects.ts';
import * as streams from './rows/upstream-streams.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe('when the upstream fails', () => {
  afterEach(endScenes);

  proves(rows.finBetweenEvents, 'the browser notices nothing', (figures, mode) => {
    unnoticed(figures);
    expect(figures.seen.outagesMs, 'resumes').to.have.length(mode === 'shared' ? 10 : 50);
    expect(figures.requests, 'one request a resume').to.equal(mode === 'shared' ? 11 : 55);
  });

  proves(rows.resetMidEvent, 'that event comes once and whole', unnoticed);

  proves(rows.refusedAtFirst, 'a soft refusal, and the stream once it is there', ({ refusals, seen }) => {
    expect(new Set(refusals)).to.deep.equal(new Set(['upstream']));
    expect(Object.keys(seen.refusals)).to.deep.equal(['ERR_SSE_UPSTREAM_CONNECT']);
  });

  proves(rows.killedAndRestarted, 'the browser notices nothing', unnoticed);

  proves(rows.halfOpen, 'heartbeats, then events', (figures) => {
    unnoticed(figures);
    expect(figures.seen.outagesMs).not.to.deep.equal([]);
  });

  proves(connects.connectBlackhole, 'a soft refusal, and the stream once it is there', ({ refusals, seen }) => {
    expect(new Set(refusals)).to.deep.equal(new Set(['upstream']));
    expect(Object.keys(seen.refusals)).to.deep.equal(['ERR_SSE_UPSTREAM_TIMEOUT']);
  });

  proves(connects.headersNeverFinish, 'a soft refusal, and the stream once it is there', ({ seen }) => {
    expect(Object.keys(seen.refusals)).to.deep.equal(['ERR_SSE_UPSTREAM_TIMEOUT']);
  });

  proves(streams.dribble, 'the same events', unnoticed);

  proves(streams.flood, 'order kept, the slow one cut at most, memory bounded', (figures, mode) => {
    const { bytes } = streams.floodEvents;
    expect(figures.gaps).to.deep.equal([]);
    if (mode === 'dedicated') expect(figures.cuts, 'each has its own pace').to.equal(0);
    expect(figures.peakMb - figures.startMb, 'growth').to.be.below((figures.delivered * bytes) / 1e6);
  });

  proves(streams.newEpoch, 'a gap, never silent dedupe', ({ cuts, gaps }) => {
    expect(cuts).to.equal(0);
    expect(gaps).to.deep.equal(Array(5).fill('ids-restarted'));
  });

  proves(streams.repeated, 'repeats dropped', unnoticed);

  proves(answers.busyAtResume, 'held until the upstream is back, not asked before Retry-After', (figures) => {
    unnoticed(figures);
    expect(figures.requests, 'the first, the two that were refused, the resume').to.equal(4);
    expect(figures.seen.outagesMs[0]).to.be.at.least(answers.retryAfterMs);
  });

  proves(answers.awayTooLong, 'cut, refused softly, live again by itself', ({ gaps, seen }) => {
    expect(gaps).to.deep.equal([]);
    expect(Object.keys(seen.closes)).to.include('upstream-broken');
  });

  for (const row of answers.neverAtResume) {
    proves(row, 'cut, and its reconnect gets the status', ({ cuts, requests, seen }, mode) => {
      expect(cuts).to.equal(5);
      expect(seen.closes).to.deep.equal({ 'upstream-refused': 5 });
      // First connect and one attempt to resume each, then what the browsers ask themselves.
      const feeds = mode === 'shared' ? 1 : 5;
      expect(requests).to.be.within(2 * feeds + 1, 2 * feeds + 5);
    });
  }

  proves(connects.badTlsAtResume, 'fails closed, held, then cut; live again with the right certificate', (figures) => {
    expect(figures.gaps).to.deep.equal([]);
    expect(figures.cuts).to.be.at.least(5);
  });

  proves(connects.dnsChanges, 'the browser notices nothing', unnoticed);
});
