import { expect } from 'chai';
import { Agent } from 'undici';
import type { SseProxyOptions } from '../src/types.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const connecting = /^event: sse-proxy:upstream\ndata: \{"state":"connecting","since":"\d{4}-[^"]+Z"\}\n\n/;
const restored = /event: sse-proxy:upstream\ndata: \{"state":"restored","since":"[^"]+"\}\n\n/;

describe('openAfterMs', () => {
  const { add, clean, upstream, app, visit } = stage({ retryMs: false, heartbeatMs: false, openAfterMs: 30 });
  afterEach(clean);

  const modes: Record<string, Partial<SseProxyOptions>> = { dedicated: {}, shared: { share: true } };
  for (const [mode, options] of Object.entries(modes)) {
    it(`opens the response while the upstream is connected but silent, then delivers its events (${mode}) [R6] [row 39]`, async () => {
      const up = await upstream();
      const { port, witness } = await app({ target: up.url, ...options });
      const browser = visit(port);
      const request = await up.request();
      await browser.opened();
      await until(() => browser.body() !== '');
      expect(browser.status()).to.equal(200);
      expect(browser.body()).to.match(connecting);
      expect(witness.opens.map(({ early }) => early)).to.deep.equal([true]);
      request.begin('X-Request-Id: from-upstream');
      request.send('id: 1\ndata: one\n\n');
      await browser.sees('data: one\n\n');
      expect(browser.body()).to.match(restored);
      expect(browser.body().match(/^data: one$/gm)).to.have.length(1);
      // The response's headers were sent before the upstream's arrived.
      expect(browser.headers()).not.to.have.property('x-request-id');
      expect(up.requests).to.have.length(1);
    });

    it(`refuses in the open stream what the upstream refuses for now (${mode}) [R6]`, async () => {
      const up = await upstream();
      const { port, witness } = await app({ target: up.url, ...options });
      const browser = visit(port);
      const request = await up.request();
      await browser.opened();
      request.raw('HTTP/1.1 503 Busy\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n');
      await until(() => browser.complete());
      const [, data = ''] = /event: sse-proxy:refused\nretry: \d+\ndata: (.*)\n\n$/.exec(browser.body()) ?? [];
      const { retryMs, ...rest } = JSON.parse(data);
      expect(rest).to.deep.equal({ reason: 'upstream', code: 'ERR_SSE_UPSTREAM_BUSY' });
      expect(retryMs).to.be.within(20_000, 40_000);
      expect(witness.closes.map(({ reason }) => reason)).to.deep.equal(['refused-late']);
      expect(witness.errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_UPSTREAM_BUSY']);
    });

    it(`keeps a final refusal for the browser's next request, which gets it by status (${mode}) [R6]`, async () => {
      const up = await upstream();
      const { port, proxy } = await app({ target: up.url, ...options });
      const browser = visit(port);
      const request = await up.request();
      await browser.opened();
      request.raw('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n');
      await until(() => browser.complete());
      expect(browser.body()).to.include('"code":"ERR_SSE_UPSTREAM_REFUSED"').and.to.include('"status":403');
      const again = visit(port, '/sse', { 'X-Request-Id': 'another' });
      await until(() => again.complete());
      expect(again.status()).to.equal(403);
      expect(up.requests).to.have.length(1);
      // Another user's request is not affected.
      visit(port, '/sse', { Authorization: 'Bearer other' });
      await up.request(1);
      await until(() => proxy.stats().upstreamConnections === 1);
    });
  }

  it('opens early also if the upstream is silent only after it has refused a stale token of ours [R6] [R46]', async () => {
    const up = await upstream();
    let calls = 0;
    const upstreamHeaders = () => ({ authorization: `Bearer ${++calls}` });
    const { port } = await app({ target: up.url, forwardHeaders: [], upstreamHeaders });
    const browser = visit(port);
    (await up.request()).raw('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    const renewed = await up.request(1);
    await until(() => connecting.test(browser.body()));
    renewed.begin();
    renewed.send('data: one\n\n');
    await browser.sees('data: one\n\n');
    expect(browser.body()).to.match(restored);
  });

  for (const [mode, options] of Object.entries(modes)) {
    it(`keeps the final refusal of a Last-Event-ID for requests with that id only (${mode}) [R6]`, async () => {
      const up = await upstream();
      const { port } = await app({ target: up.url, ...options });
      const stale = visit(port, '/sse', { 'Last-Event-ID': 'old' });
      const request = await up.request();
      await stale.opened();
      request.raw('HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n');
      await until(() => stale.complete());
      const again = visit(port, '/sse', { 'Last-Event-ID': 'old' });
      await until(() => again.complete());
      expect([again.status(), up.requests.length]).to.deep.equal([410, 1]);
      const other = visit(port);
      (await up.request(1)).begin();
      await other.opened();
      expect(other.status()).to.equal(200);
    });
  }

  it('refuses browsers that join a shared feed softly if only the Last-Event-ID of its first one is refused for good [R6]', async () => {
    const up = await upstream();
    const { port } = await app({ target: up.url, share: true });
    const stale = visit(port, '/sse', { 'Last-Event-ID': 'old' });
    const refused = await up.request();
    await stale.opened();
    const joins = visit(port);
    await up.request(1);
    refused.raw('HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n');
    await until(() => stale.complete() && joins.complete());
    expect(stale.body()).to.include('"status":410');
    expect(joins.status()).to.equal(200);
    expect(joins.body()).to.include('sse-proxy:refused').and.not.to.include('"status"');
    const again = visit(port);
    (await up.request(2)).begin();
    await again.opened();
  });

  it('aborts the upstream request when the browser leaves an early opened stream [R40]', async () => {
    const up = await upstream();
    const { port, proxy } = await app({ target: up.url });
    const browser = visit(port);
    const request = await up.request();
    await browser.opened();
    browser.socket.destroy();
    await until(() => request.closed() && proxy.stats().upstreamConnections === 0);
  });

  it('reports to a browser that joins a shared feed later that the upstream is still connecting [R43]', async () => {
    const up = await upstream();
    const { port } = await app({ target: up.url, share: true });
    const first = visit(port);
    await first.opened();
    const second = visit(port);
    await until(() => second.body() !== '');
    expect(second.body()).to.match(connecting);
    (await up.request()).begin();
    (await up.request()).send('data: one\n\n');
    await Promise.all([first.sees('data: one\n\n'), second.sees('data: one\n\n')]);
    expect(up.requests).to.have.length(1);
  });

  const never: Record<string, Partial<SseProxyOptions>> = {
    'openAfterMs is false': { openAfterMs: false },
    "refuse is 'status'": { refuse: 'status' },
    'resume is false': { resume: false },
  };
  for (const [name, options] of Object.entries(never)) {
    it(`waits for the upstream's headers if ${name} [R6]`, async () => {
      const up = await upstream();
      const { port } = await app({ target: up.url, headersTimeoutMs: 200, ...options });
      const browser = visit(port);
      await until(() => browser.complete());
      expect(browser.wire()).to.include('ERR_SSE_UPSTREAM_TIMEOUT').and.not.to.include('connecting');
    });
  }

  it('does not open the response before the upstream is connected [R6]', async () => {
    const dispatcher = add(new Agent({ connect: () => {} }), (it) => it.destroy());
    const { port } = await app({ target: 'http://127.0.0.1:9/', dispatcher, connectTimeoutMs: 150 });
    const browser = visit(port);
    await until(() => browser.complete());
    expect(browser.body())
      .to.match(/^event: sse-proxy:refused\n/)
      .and.to.include('ERR_SSE_UPSTREAM_TIMEOUT');
  });
});
