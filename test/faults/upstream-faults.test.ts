import { expect } from 'chai';
import * as rows from './rows/upstream.ts';
import * as answers from './rows/upstream-answers.ts';
import * as connects from './rows/upstream-connects.ts';
import * as streams from './rows/upstream-streams.ts';
import { proves, unnoticed } from './support/row.ts';
import { endScenes } from './support/stage.ts';

describe('when the upstream fails', () => {
  afterEach(endScenes);

  for (const row of [rows.finInFraming, rows.cleanEnd]) {
    proves(row, 'no browser notices', (figures, mode) => {
      unnoticed(figures);
      expect(figures.seen.outagesMs, 'resumes').to.have.length(mode === 'shared' ? 10 : 50);
      expect(figures.requests, 'one request per resume').to.equal(mode === 'shared' ? 11 : 55);
    });
  }

  proves(rows.resetMidEvent, 'that event arrives once and whole', unnoticed);

  proves(rows.refusedAtFirst, 'a soft refusal, then the stream when the upstream is back', ({ refusals, seen }) => {
    expect(new Set(refusals)).to.deep.equal(new Set(['upstream']));
    expect(Object.keys(seen.refusals)).to.deep.equal(['ERR_SSE_UPSTREAM_CONNECT']);
  });

  proves(rows.killedAndRestarted, 'no browser notices', unnoticed);

  proves(rows.halfOpen, 'heartbeats go on, then events', (figures) => {
    unnoticed(figures);
    expect(figures.seen.outagesMs).not.to.deep.equal([]);
  });

  proves(
    connects.connectBlackhole,
    'a soft refusal, then the stream when the upstream is back',
    ({ refusals, seen }) => {
      expect(new Set(refusals)).to.deep.equal(new Set(['upstream']));
      expect(Object.keys(seen.refusals)).to.deep.equal(['ERR_SSE_UPSTREAM_TIMEOUT']);
    },
  );

  proves(connects.headersNeverFinish, 'a soft refusal, then the stream when the upstream is back', ({ seen }) => {
    expect(Object.keys(seen.refusals)).to.deep.equal(['ERR_SSE_UPSTREAM_TIMEOUT']);
  });

  proves(streams.dribble, 'the same events arrive', unnoticed);

  proves(streams.flood, 'order is kept, at most the slow browser is cut, memory stays bounded', (figures, mode) => {
    const { bytes } = streams.floodEvents;
    expect(figures.gaps).to.deep.equal([]);
    if (mode === 'dedicated') expect(figures.cuts, 'each has its own pace').to.equal(0);
    expect(figures.peakMb - figures.startMb, 'growth').to.be.below((figures.delivered * bytes) / 1e6);
  });

  proves(streams.newEpoch, 'a gap, and no new event is dropped as a repeat', ({ cuts, gaps }) => {
    expect(cuts).to.equal(0);
    expect(gaps).to.deep.equal(Array(5).fill('ids-restarted'));
  });

  proves(streams.repeated, 'repeats are dropped', unnoticed);

  proves(
    answers.busyAtResume,
    'browsers are held until the upstream is back, which is not requested before Retry-After',
    (figures) => {
      unnoticed(figures);
      expect(figures.requests, 'the first, two refused ones, and the resume').to.equal(4);
      expect(figures.seen.outagesMs[0]).to.be.at.least(answers.retryAfterMs);
    },
  );

  proves(answers.awayTooLong, 'browsers are cut, softly refused, and live again by themselves', ({ gaps, seen }) => {
    expect(gaps).to.deep.equal([]);
    expect(Object.keys(seen.closes)).to.include('upstream-broken');
  });

  for (const row of answers.neverAtResume) {
    proves(row, 'browsers are cut, and their reconnect gets the status', ({ cuts, requests, seen }, mode) => {
      expect(cuts).to.equal(5);
      expect(seen.closes).to.deep.equal({ 'upstream-refused': 5 });
      // Each feed connects once and tries one resume; then come the requests of the browsers themselves.
      const feeds = mode === 'shared' ? 1 : 5;
      expect(requests).to.be.within(2 * feeds + 1, 2 * feeds + 5);
    });
  }

  proves(answers.movedAtResume, 'browsers are held until the upstream is back', (figures, mode) => {
    unnoticed(figures);
    if (mode === 'shared') expect(figures.requests, 'the first, three without a stream, and the resume').to.equal(5);
  });

  proves(
    connects.badTlsAtResume,
    'browsers are held, then cut, and live again with the right certificate',
    (figures) => {
      expect(figures.gaps).to.deep.equal([]);
      expect(figures.cuts).to.be.at.least(5);
    },
  );

  proves(connects.dnsChanges, 'no browser notices', unnoticed);
});
