import { expect } from 'chai';
import type { Express } from 'express';
import type { SseProxyOptions } from '../src/types.ts';
import { browseRaw } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const page = 'https://page.example';

describe('allowOrigins', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  async function preflight(options: Partial<SseProxyOptions>, fields: Record<string, string>, mount = {}) {
    const proxied = await app({ target: 'http://127.0.0.1:9/', allowOrigins: [page], ...options }, mount);
    const all = { Host: 'a', 'Access-Control-Request-Method': 'GET', 'Sec-Fetch-Site': 'cross-site', ...fields };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `OPTIONS /sse HTTP/1.1\r\n${lines.join('')}\r\n`;
    const browser = await add(browseRaw(proxied.port, request), (it) => it.leave()).opened();
    return { browser, ...proxied };
  }

  it('responds to a preflight with the allowed methods, headers and origin, without calling authorize [R14]', async () => {
    let called = 0;
    const authorize = () => Boolean(++called);
    const { browser, proxy, witness } = await preflight(
      { authorize, forwardHeaders: ['X-Tenant', 'authorization'] },
      { Origin: page, 'Access-Control-Request-Headers': 'last-event-id, x-tenant' },
    );
    expect(browser.status()).to.equal(204);
    expect(browser.headers()).to.include({
      'access-control-allow-origin': page,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'last-event-id, authorization, cache-control, content-type, x-tenant',
      vary: 'Origin',
    });
    await until(() => proxy.stats().opening === 0);
    expect([called, proxy.stats().refused, witness.errors.length]).to.deep.equal([0, 0, 0]);
  });

  it('responds to a preflight where a middleware wraps res.writeHead and returns nothing [R14]', async () => {
    const before = (it: Express) =>
      void it.use((_, res, next) => {
        const { writeHead } = res;
        res.writeHead = ((...args: Parameters<typeof writeHead>) => void writeHead.apply(res, args)) as never;
        next();
      });
    const { browser } = await preflight({}, { Origin: page }, { before });
    expect([browser.status(), browser.headers()['access-control-allow-origin']]).to.deep.equal([204, page]);
  });

  it('responds to a preflight during a drain: the page can then read the refusal [R14]', async () => {
    const { proxy, port } = await preflight({}, { Origin: page });
    await proxy.close();
    const request = `OPTIONS /sse HTTP/1.1\r\nHost: a\r\nOrigin: ${page}\r\nAccess-Control-Request-Method: GET\r\n\r\n`;
    expect((await add(browseRaw(port, request), (it) => it.leave()).opened()).status()).to.equal(204);
  });

  for (const [what, fields] of Object.entries({
    'an origin that is not listed': { Origin: 'https://evil.example' },
    'the origin null': { Origin: 'null' },
    'no origin': {},
  }) as [string, Record<string, string>][]) {
    it(`responds to an OPTIONS request of ${what} with 405 and no CORS field [R14]`, async () => {
      const { browser } = await preflight({}, fields);
      expect(browser.status()).to.equal(405);
      expect(browser.headers()).to.include({ vary: 'Origin' });
      expect(browser.wire()).to.not.match(/access-control/i);
    });
  }

  it('responds to OPTIONS that is no preflight with 405, readable for the page [R14]', async () => {
    const { port } = await app({ target: 'http://127.0.0.1:9/', allowOrigins: [page] });
    const request = `OPTIONS /sse HTTP/1.1\r\nHost: a\r\nOrigin: ${page}\r\n\r\n`;
    const browser = await add(browseRaw(port, request), (it) => it.leave()).opened();
    expect(browser.status()).to.equal(405);
    expect(browser.headers()).to.include({ 'access-control-allow-origin': page });
  });

  it('exposes responseHeaders to the page [R14]', async () => {
    const up = await upstream((request) =>
      request.raw('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Build: 7\r\nX-Other: 8\r\n\r\n'),
    );
    const { port } = await app({ target: up.url, allowOrigins: [page], responseHeaders: ['X-Build'] });
    const browser = await visit(port, '/sse', { Origin: page }).opened();
    expect(browser.headers()).to.include({ 'x-build': '7', 'access-control-expose-headers': 'x-build' });
    expect(browser.headers()).to.not.have.property('x-other');
  });

  it('adds Origin to the Vary of an earlier middleware [R14]', async () => {
    for (const [present, vary] of [
      ['Accept-Encoding', 'Accept-Encoding, Origin'],
      ['origin', 'origin'],
      ['*', '*'],
    ] as const) {
      const { browser } = await preflight(
        {},
        { Origin: page },
        {
          before: (express: import('express').Express) =>
            express.use((_, res, next) => {
              res.setHeader('Vary', present);
              next();
            }),
        },
      );
      expect(browser.headers()).to.include({ vary });
    }
  });

  for (const origin of ['capacitor://localhost', 'tauri://localhost', 'chrome-extension://abcdefghijklmnop']) {
    it(`allows the origin of an app: ${origin} [R14]`, async () => {
      const up = await upstream((request) => request.begin());
      const { port } = await app({ target: up.url, allowOrigins: [origin] });
      const fields = { Origin: origin, 'Sec-Fetch-Site': 'cross-site' };
      const browser = await visit(port, '/sse', fields).opened();
      expect(browser.status()).to.equal(200);
      expect(browser.headers()).to.include({ 'access-control-allow-origin': origin });
      expect((await visit(port, '/sse', { ...fields, Origin: `${origin}.evil` }).opened()).status()).to.equal(403);
    });
  }
});
