import { expect } from 'chai';
import { TokenBackoff } from '../src/upstream/token-backoff.ts';
import { clock } from './support/clock.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

const unauthorized = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n';

describe('an upstream that refuses the proxy’s own token', () => {
  const { clean, upstream, app, visit } = stage({
    retryMs: false,
    heartbeatMs: false,
    resume: { minDelayMs: 1, maxDelayMs: 1, maxOutageMs: 60_000 },
  });
  afterEach(clean);

  /** Accepts the token "good" only. */
  const strict = (request: UpstreamRequestSeen) => {
    if (request.headers.authorization !== 'Bearer good') return request.raw(unauthorized);
    request.begin();
    const next = Number(request.headers['last-event-id'] ?? 0) + 1;
    request.send(`id: ${next}\ndata: ${next}\n\n`);
  };

  for (const share of [false, true]) {
    const mode = share ? 'shared' : 'dedicated';

    it(`an upstream that refuses our token gets a new token from upstreamHeaders at once, unnoticed by the browser (${mode}) [R46] [row 47]`, async () => {
      let calls = 0;
      const up = await upstream(strict);
      const upstreamHeaders = () => ({ authorization: `Bearer ${++calls === 1 ? 'stale' : 'good'}` });
      const { port, witness } = await app({ target: up.url, share, upstreamHeaders });
      await visit(port).sees('data: 1\n\n');
      expect([calls, witness.errors]).to.deep.equal([2, []]);
    });

    it(`an upstream that refuses our token gets a new token when the old one expires during an outage (${mode}) [R46] [row 47]`, async () => {
      let token = 'good';
      const up = await upstream(strict);
      const { port } = await app({
        target: up.url,
        share,
        upstreamHeaders: () => ({ Authorization: `Bearer ${token}` }),
      });
      const browser = visit(port);
      await browser.sees('data: 1\n\n');
      token = 'stale';
      up.requests[0]?.reset();
      await up.request(2);
      token = 'good';
      await browser.sees('data: 2\n\n');
      expect(browser.body()).not.to.include('sse-proxy:gap');
    });

    it(`refuses the browser softly after a second 401, with waits that grow (${mode}) [R46] [row 47]`, async () => {
      const up = await upstream(strict);
      const { port, witness } = await app({
        target: up.url,
        share,
        upstreamHeaders: () => ({ Authorization: 'Bearer no' }),
      });
      const browser = visit(port);
      await until(() => browser.complete());
      expect(browser.status()).to.equal(200);
      expect(browser.body()).to.include('"code":"ERR_SSE_UPSTREAM_TOKEN"');
      expect(up.requests).to.have.length(2);
      expect(witness.errors.map(({ error }) => error.retryAfterMs)).to.deep.equal([5_000]);
    });
  }

  it('relays a 401 to the browser’s own credentials as 401, and a 403 as 403 [R46]', async () => {
    const up = await upstream((request) => request.raw(unauthorized));
    const { port } = await app({ target: up.url, upstreamHeaders: { 'X-Service': 'bff' } });
    const browser = visit(port, '/sse', { Authorization: 'Bearer mine' });
    await until(() => browser.complete());
    expect(browser.status()).to.equal(401);
    const forbidding = await upstream((request) => request.raw(unauthorized.replace('401', '403')));
    const second = await app({ target: forbidding.url, upstreamHeaders: { Authorization: 'Bearer ours' } });
    const refused = visit(second.port);
    await until(() => refused.complete());
    expect(refused.status()).to.equal(403);
  });

  it('refusals of our token double the wait up to five minutes, and count once in quick succession', () => {
    clock.install();
    try {
      const backoff = new TokenBackoff();
      clock.tick(1_000);
      expect([backoff.next(), backoff.next(), backoff.next()]).to.deep.equal([5_000, 5_000, 5_000]);
      const waits = Array.from({ length: 7 }, () => {
        clock.tick(300_000);
        return backoff.next();
      });
      expect(waits).to.deep.equal([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
      backoff.reset();
      expect(backoff.next()).to.equal(5_000);
    } finally {
      clock.uninstall();
    }
  });
});
