import { expect } from 'chai';
import { SseProxyError } from '../src/errors.ts';
import { clock } from './support/clock.ts';
import { feedWith } from './support/scripted.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

/** The states in a body, in order. */
const states = (body: string) =>
  [...body.matchAll(/event: sse-proxy:upstream\ndata: \{"state":"(\w+)"/g)].map(([, it]) => it);

describe('sse-proxy:upstream', () => {
  describe('by a clock that the test turns', () => {
    beforeEach(() => clock.install());
    afterEach(() => clock.uninstall());
    const resume = { minDelayMs: 500, maxDelayMs: 500, maxOutageMs: 60_000 };

    it('reports an upstream that is lost for 3 s, and its return [R43]', async () => {
      const { feed, open, send, reopen, break: cut, ...it } = feedWith(resume);
      await open();
      send('id: 1\ndata: 1\n\n');
      cut();
      clock.tick(400);
      expect(it.states).to.deep.equal([]);
      await it.attempt(600);
      it.refuse(new SseProxyError('ERR_SSE_UPSTREAM_BUSY'));
      for (let n = 0; n < 4; n++) {
        await it.attempt(500);
        it.refuse(new SseProxyError('ERR_SSE_UPSTREAM_BUSY'));
      }
      expect(it.states).to.deep.equal(['lost']);
      expect(String(feed.upstreamState)).to.include('"state":"lost"');
      await reopen(500);
      expect(it.states).to.deep.equal(['lost', 'restored']);
      expect(feed.upstreamState).to.equal(undefined);
      feed.close();
    });

    it('reports nothing about an outage of less than 3 s [R43]', async () => {
      const { feed, open, send, reopen, break: cut, ...it } = feedWith(resume);
      await open();
      send('id: 1\ndata: 1\n\n');
      cut();
      await reopen(500);
      clock.tick(10_000);
      expect(it.states).to.deep.equal([]);
      feed.close();
    });

    it('reports an upstream as silent after three comment intervals, at least 10 s, and its next byte [R43]', async () => {
      const { feed, open, send, ...it } = feedWith(resume);
      await open();
      for (let n = 0; n < 3; n++) {
        send(':\n');
        clock.tick(5_000);
      }
      send(':\n');
      clock.tick(14_000);
      expect(it.states).to.deep.equal([]);
      clock.tick(5_000);
      expect(it.states).to.deep.equal(['silent']);
      send('id: 1\ndata: 1\n\n');
      expect(it.states).to.deep.equal(['silent', 'restored']);
      feed.close();
    });

    it('never calls an upstream silent that greets with several comments and sends no more [R43]', async () => {
      const { feed, open, send, ...it } = feedWith(resume);
      await open();
      send(':ok\n\n:padding\n\n');
      clock.tick(5);
      send('retry: 3000\n:ready\n\n');
      clock.tick(100_000);
      expect(it.states).to.deep.equal([]);
      feed.close();
    });

    it('never calls an upstream silent that sends no comments [R43]', async () => {
      const { feed, open, send, ...it } = feedWith(resume);
      await open();
      send('id: 1\ndata: 1\n\n');
      clock.tick(100_000);
      expect(it.states).to.deep.equal([]);
      feed.close();
    });
  });

  describe('over sockets', () => {
    const { clean, upstream, app, visit } = stage({
      retryMs: false,
      heartbeatMs: false,
      resume: { minDelayMs: 50, maxDelayMs: 50, maxOutageMs: 60_000 },
    });
    afterEach(clean);

    for (const share of [false, true]) {
      it(`reports to the browser that the upstream is lost and restored (${share ? 'shared' : 'dedicated'}) [R43] [row 41]`, async () => {
        let isAway = false;
        const up = await upstream((request) => {
          if (isAway) return void request.reset();
          request.begin();
          if (request.headers['last-event-id'] === '1') request.send('id: 2\ndata: 2\n\n');
          else request.send('id: 1\ndata: 1\n\n');
        });
        const { port } = await app({ target: up.url, share });
        const browser = visit(port);
        await browser.sees('data: 1\n\n');
        isAway = true;
        up.requests[0]?.reset();
        await until(() => states(browser.body()).length > 0);
        expect(states(browser.body())).to.deep.equal(['lost']);
        const late = share ? visit(port) : undefined;
        if (late) {
          await until(() => states(late.body()).length > 0);
          expect(states(late.body())).to.deep.equal(['lost']);
        }
        isAway = false;
        await browser.sees('data: 2\n\n');
        expect(states(browser.body())).to.deep.equal(['lost', 'restored']);
        expect(browser.body()).not.to.include('sse-proxy:gap');
      });
    }
  });
});
