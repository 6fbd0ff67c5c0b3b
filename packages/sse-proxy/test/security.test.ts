import { expect } from 'chai';
import type { Express } from 'express';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('security of the target', () => {
  const { clean, upstream, app, visit } = stage();
  afterEach(clean);

  async function asked(parameter: string) {
    const up = await upstream((request) => request.begin());
    const target = `http://127.0.0.1:${up.port}/workflow/:workflow/logs?fixed=1`;
    // In this environment, Express does not print the stack of requests that it refuses itself.
    const before = (express: Express) => void express.set('env', 'test');
    const { port, witness } = await app({ target }, { path: '/sse/:workflow/stream', before });
    const browser = visit(port, `/sse/${parameter}/stream`);
    await browser.opened();
    return { up, browser, witness };
  }

  const encoded = {
    wf1: 'wf1',
    'a%20b': 'a%20b',
    '%C3%BC': '%C3%BC',
    '%3Fx=1': '%3Fx%3D1',
    '%23top': '%23top',
    'a;b=c&d': 'a%3Bb%3Dc%26d',
    'user@host:80': 'user%40host%3A80',
    '%252e%252e': '%252e%252e',
    '%252f': '%252f',
    '...': '...',
    '%F0%9F%98%80': '%F0%9F%98%80',
  };
  for (const [parameter, segment] of Object.entries(encoded)) {
    it(`fills a path parameter in as one encoded segment: ${parameter} [R50]`, async () => {
      const { up } = await asked(parameter);
      expect(up.requests[0]?.line).to.equal(`GET /workflow/${segment}/logs?fixed=1 HTTP/1.1`);
    });
  }

  const refused = [
    '..',
    '.',
    '%2e%2e',
    '.%2E',
    '%2e',
    '%2f',
    'a%2Fb',
    '..%2f..%2fadmin',
    '%5c',
    '..%5C',
    '\\',
    'http:%2f%2fevil.example',
    '%0d%0aX-Evil:%201',
    '%0a',
    '%00',
    'a%7f',
    '%1b',
  ];
  for (const parameter of refused) {
    it(`refuses a path parameter that is not one segment with 400: ${parameter} [R50] [input 5]`, async () => {
      const { up, browser, witness } = await asked(parameter);
      expect(browser.status()).to.equal(400);
      expect(witness.refusals.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_PARAMETER']);
      expect(up.requests).to.have.length(0);
      expect(browser.body()).to.not.include('evil').and.not.include('admin');
    });
  }

  it('refuses a path parameter that is not UTF-8 with 400, by Express [R50]', async () => {
    const { up, browser } = await asked('%ff');
    expect(browser.status()).to.equal(400);
    expect(up.requests).to.have.length(0);
  });

  it("sends the target's host as Host, whatever the browser's Host is [R50]", async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url });
    visit(port, '/sse', { Host: 'evil.example' });
    expect((await up.request()).headers.host).to.equal(`127.0.0.1:${up.port}`);
  });

  it("appends a forwarded query to the target's own query [R50] [R15]", async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: `${up.url}?fixed=1`, forwardQuery: true });
    visit(port, '/sse?a=%23&b=%26x%3D1&b=2&c=%0d%0a&d=%20#frag');
    const { line } = await up.request();
    expect(line).to.equal('GET /logs/stream?fixed=1&a=%23&b=%26x%3D1&b=2&c=%0d%0a&d=%20 HTTP/1.1');
  });
});

describe('origin check', () => {
  const { clean, upstream, app, visit } = stage();
  afterEach(clean);

  const own = { Host: 'app.example' };
  const yes: [string, Record<string, string>][] = [
    ['a same-origin EventSource, which sends no Origin', { ...own, 'Sec-Fetch-Site': 'same-origin' }],
    ['a browser without fetch metadata', own],
    ['the address bar', { ...own, 'Sec-Fetch-Site': 'none' }],
    ['our own Origin', { ...own, Origin: 'http://app.example', 'Sec-Fetch-Site': 'same-origin' }],
    ['our own Origin with a port', { Host: 'app.example:81', Origin: 'http://app.example:81' }],
    ['our own Origin, with the default port in Host', { Host: 'app.example:80', Origin: 'http://app.example' }],
  ];
  for (const [name, fields] of yes) {
    it(`allows ${name} [R55]`, async () => {
      const up = await upstream((request) => request.begin());
      const { port } = await app({ target: up.url });
      const browser = await visit(port, '/sse', fields).opened();
      expect(browser.status()).to.equal(200);
      expect(browser.headers()).to.not.have.any.keys('vary', 'access-control-allow-origin');
    });
  }

  const no: [string, Record<string, string>][] = [
    ['a cross-site page', { ...own, 'Sec-Fetch-Site': 'cross-site' }],
    ['a page of a sibling host', { ...own, 'Sec-Fetch-Site': 'same-site' }],
    [
      'a cross-site page that says our Origin',
      { ...own, 'Sec-Fetch-Site': 'cross-site', Origin: 'http://app.example' },
    ],
    ['a foreign Origin', { ...own, Origin: 'http://evil.example' }],
    ['Origin: null', { ...own, Origin: 'null' }],
    ['an Origin that begins as ours', { ...own, Origin: 'http://app.example.attacker.com' }],
    ['an Origin that ends as ours', { ...own, Origin: 'http://evilapp.example' }],
    ['our host by another scheme', { ...own, Origin: 'https://app.example' }],
    ['our host at another port', { ...own, Origin: 'http://app.example:8080' }],
    ['our Origin with a path', { ...own, Origin: 'http://app.example/' }],
    ['our Origin in capitals', { ...own, Origin: 'HTTP://APP.EXAMPLE' }],
    ['a list of origins', { ...own, Origin: 'http://app.example, http://evil.example' }],
    ['an empty Origin', { ...own, Origin: '' }],
    ['an Origin with the default port', { ...own, Origin: 'http://app.example:80' }],
    ['two Origins', { ...own, Origin: 'http://app.example\r\nOrigin: http://evil.example' }],
    ['two values of Sec-Fetch-Site', { ...own, 'Sec-Fetch-Site': 'same-origin\r\nSec-Fetch-Site: cross-site' }],
    [
      'an Origin that X-Forwarded-* make ours, without trust proxy',
      { ...own, Origin: 'https://evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' },
    ],
  ];
  for (const [name, fields] of no) {
    it(`refuses ${name} with 403, before any hook and upstream request [R55] [input 12] [input 13]`, async () => {
      const up = await upstream((request) => request.begin());
      let asked = 0;
      const authorize = () => {
        asked++;
        return true;
      };
      const { port, witness } = await app({ target: up.url, authorize, allowOrigins: ['https://admin.example'] });
      const browser = await visit(port, '/sse', fields).opened();
      expect(browser.status()).to.equal(403);
      expect(browser.headers()).to.not.have.property('access-control-allow-origin');
      expect(witness.errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_CROSS_SITE']);
      expect([asked, up.requests.length]).to.deep.equal([0, 0]);
    });
  }

  it('takes the proxy’s own origin from X-Forwarded-* if trust proxy allows it [R55]', async () => {
    const up = await upstream((request) => request.begin());
    const fields = { ...own, Origin: 'https://public.example' };
    const forwarded = { 'X-Forwarded-Host': 'public.example', 'X-Forwarded-Proto': 'https' };
    const { port } = await app(
      { target: up.url },
      { before: (express) => void express.set('trust proxy', 'loopback') },
    );
    expect((await visit(port, '/sse', { ...fields, ...forwarded }).opened()).status()).to.equal(200);
    expect((await visit(port, '/sse', fields).opened()).status()).to.equal(403);
  });

  const admin = { ...own, Origin: 'https://admin.example', 'Sec-Fetch-Site': 'cross-site' };

  it('allows an origin of allowOrigins, with CORS fields [R55] [R14]', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, allowOrigins: ['https://other.example', 'https://admin.example'] });
    const browser = await visit(port, '/sse', admin).opened();
    expect(browser.status()).to.equal(200);
    expect(browser.headers()).to.include({
      'access-control-allow-origin': 'https://admin.example',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
  });

  it('sends CORS fields also with refusals [R55] [R14]', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, allowOrigins: ['https://admin.example'], authorize: () => false });
    const browser = await visit(port, '/sse', admin).opened();
    expect(browser.status()).to.equal(403);
    expect(browser.headers()).to.include({ 'access-control-allow-origin': 'https://admin.example', vary: 'Origin' });
  });

  it('compares allowOrigins exactly, and sends other origins no CORS field [R55] [R14]', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, allowOrigins: ['https://admin.example'] });
    for (const Origin of ['https://admin.example.evil.com', 'http://admin.example', 'https://admin.example:444']) {
      const browser = await visit(port, '/sse', { ...own, Origin }).opened();
      expect(browser.status(), Origin).to.equal(403);
      expect(browser.headers(), Origin).to.include({ vary: 'Origin' });
      expect(browser.wire(), Origin).to.not.match(/access-control|admin\.example/i);
    }
    const own200 = await visit(port, '/sse', own).opened();
    expect(own200.status()).to.equal(200);
    expect(own200.headers()).to.include({ vary: 'Origin' }).and.not.have.property('access-control-allow-origin');
    await until(() => up.requests.length === 1);
  });
});
