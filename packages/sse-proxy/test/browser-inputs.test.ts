import { inspect } from 'node:util';
import { expect } from 'chai';
import type { SseEvent, SseProxyOptions } from '../src/types.ts';
import { browseRaw } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

// The table "From the browser's side" of docs/contract.md. limits.test.ts has the limits.
describe('bad input of browsers', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  async function served(options: Partial<SseProxyOptions> = {}, path?: string) {
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, retryMs: false, ...options }, path ? { path } : {});
    const get = (asked: string, fields: Record<string, string | null> = {}) =>
      visit(proxied.port, asked, fields).opened();
    const raw = (request: string) => add(browseRaw(proxied.port, request), (it) => it.leave());
    return { up, get, raw, ...proxied };
  }

  const encode = (id: string) => encodeURIComponent(Buffer.from(id, 'latin1').toString());

  /** A stream that begins with the gap of an unusable id, and whose upstream request has no id. */
  async function expectGap({ get, up, witness }: Awaited<ReturnType<typeof served>>, asked: string, fields = {}) {
    const [requests, gaps] = [up.requests.length, witness.gaps.length];
    const browser = await get(asked, fields);
    const body = await browser.sees('}\n\n');
    expect(body).to.match(/^event: sse-proxy:gap\ndata: \{"reason":"unusable-id","from":"[^"]+","to":"[^"]+"\}\n\n$/);
    expect(up.requests.length).to.equal(requests + 1);
    expect(up.requests[requests]!.headers).to.not.have.property('last-event-id');
    expect(witness.gaps.slice(gaps).map(({ reason, browsers }) => [reason, browsers])).to.deep.equal([
      ['unusable-id', 1],
    ]);
    expect(witness.opens.at(-1)!.stream.resumed).to.equal(true);
    return browser;
  }

  it('lets a Last-Event-ID over 4 KiB in with a gap, without forwarding it [R24] [input 1]', async () => {
    const it = await served();
    for (const length of [4_097, 8_192]) {
      const id = 'x'.repeat(length);
      const browsers = [
        await expectGap(it, '/sse', { 'Last-Event-ID': id }),
        await expectGap(it, `/sse?lastEventId=${id}`),
      ];
      for (const browser of browsers) expect(browser.wire()).to.not.include('xxxx');
    }
    expect(it.witness.errors).to.deep.equal([]);
  });

  it('forwards a Last-Event-ID of 4 KiB [R24] [input 1]', async () => {
    const { up, get } = await served();
    const id = 'x'.repeat(4_096);
    expect((await get('/sse', { 'Last-Event-ID': id })).status()).to.equal(200);
    expect((await get(`/sse?lastEventId=${id}`)).status()).to.equal(200);
    expect(up.requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([id, id]);
  });

  it('counts the length of a Last-Event-ID in bytes [R24] [input 1]', async () => {
    const it = await served();
    await expectGap(it, `/sse?lastEventId=${encodeURIComponent('é'.repeat(2_049))}`);
    expect((await it.get(`/sse?lastEventId=${encodeURIComponent('é'.repeat(2_048))}`)).status()).to.equal(200);
    expect((await it.up.request(1)).headers['last-event-id']).to.have.length(4_096);
  });

  for (const [name, control] of Object.entries({ NUL: '\0', CR: '\r', LF: '\n', ESC: '\x1b', DEL: '\x7f' })) {
    it(`never echoes a Last-Event-ID with ${name}: 400 by Node in the header, a gap in the query [R24] [input 2]`, async () => {
      const it = await served();
      const query = await expectGap(it, `/sse?lastEventId=${encode(`forged${control}id: 1`)}`);
      const header = it.raw(`GET /sse HTTP/1.1\r\nHost: a\r\nLast-Event-ID: forged${control}id: 1\r\n\r\n`);
      await header.opened();
      expect(header.status()).to.equal(400);
      expect(query.wire() + header.wire()).to.not.include('forged');
      expect(inspect([it.witness.errors, it.witness.refusals])).to.not.include('forged');
      expect(it.up.requests).to.have.length(1);
    });
  }

  it('lets a ?lastEventId= that begins or ends with a space or tab in with a gap [R24]', async () => {
    const it = await served();
    for (const id of ['%201', '1%20', '%091', '+1', '1+']) await expectGap(it, `/sse?lastEventId=${id}`);
  });

  it('sends the gap of an unusable Last-Event-ID also with a shared feed and with a transform [R24]', async () => {
    for (const options of [{ share: true }, { transform: (event: SseEvent) => event }]) {
      const { up, get, witness } = await served(options);
      const id = 'x'.repeat(5_000);
      for (const count of [1, 2]) {
        const browser = await get('/sse', { 'Last-Event-ID': id });
        await browser.sees('"unusable-id"');
        expect(witness.gaps).to.have.length(count);
      }
      for (const request of up.requests) expect(request.headers).to.not.have.property('last-event-id');
    }
  });

  it('refuses any Origin of an HTTP/1.0 request without Host [R55]', async () => {
    const { raw } = await served();
    const open = (Origin: string) => raw(`GET /sse HTTP/1.0\r\nOrigin: ${Origin}\r\n\r\n`).opened();
    for (const origin of ['http://undefined', 'http://', 'http://127.0.0.1']) {
      expect((await open(origin)).status(), origin).to.equal(403);
    }
    expect((await raw('GET /sse HTTP/1.0\r\n\r\n').opened()).status()).to.equal(200);
  });

  it('lets a repeated Last-Event-ID in with a gap: joined, it would be an id that no upstream sent [R24]', async () => {
    const { up, raw, witness } = await served();
    const twice = 'Last-Event-ID: 1\r\nlast-event-id: 2\r\n';
    await raw(`GET /sse HTTP/1.1\r\nHost: a\r\n${twice}\r\n`).sees('"unusable-id"');
    expect((await up.request()).headers).to.not.have.property('last-event-id');
    await raw('GET /sse HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 1, 2\r\n\r\n').opened();
    expect((await up.request(1)).headers['last-event-id']).to.equal('1, 2');
    expect(witness.gaps).to.have.length(1);
  });

  it('forwards a Last-Event-ID byte for byte, from the header and from the query [R24] [input 3]', async () => {
    const { up, get } = await served();
    const id = Buffer.from('é→😀\t~').toString('latin1');
    await get('/sse', { 'Last-Event-ID': id });
    await get(`/sse?lastEventId=${encode(id)}`);
    await get('/sse', { 'Last-Event-ID': 'not \xff UTF-8' });
    await get('/sse?a=b&lastEventId=not+%FF%20UTF-8&lastEventId=other#lastEventId=x');
    const odd = 'not \xff UTF-8';
    expect(up.requests.map(({ headers }) => headers['last-event-id'])).to.deep.equal([id, id, odd, odd]);
  });

  it('prefers the Last-Event-ID of the header, where a reconnecting browser sends the newer id [input 3]', async () => {
    const { up, get } = await served();
    await get('/sse?lastEventId=old', { 'Last-Event-ID': 'new' });
    expect((await up.request()).headers['last-event-id']).to.equal('new');
  });

  it('ignores an empty Last-Event-ID [input 3]', async () => {
    const { up, get } = await served();
    await get('/sse', { 'Last-Event-ID': '' });
    await get('/sse?lastEventId=');
    for (const { headers } of up.requests) expect(headers).to.not.have.property('last-event-id');
    expect(up.requests).to.have.length(2);
  });

  it('forwards a forged Last-Event-ID, and sends its browser what any other would get [input 4]', async () => {
    const { up, get } = await served();
    const [forged, honest] = [await get('/sse', { 'Last-Event-ID': "0' OR 1=1 -- ../*" }), await get('/sse')];
    expect(up.requests[0]!.headers['last-event-id']).to.equal("0' OR 1=1 -- ../*");
    for (const request of up.requests) request.send('id: 1\ndata: a\n\n');
    expect(await forged.sees('a\n\n')).to.equal(await honest.sees('a\n\n'));
    const withoutDate = (wire: string) => wire.replace(/Date: [^\r]*/, '');
    expect(withoutDate(forged.wire())).to.equal(withoutDate(honest.wire()));
  });

  it('sends a request in absolute form, or with two slashes, to the configured upstream [R50] [input 5]', async () => {
    const { up, raw } = await served();
    const absolute = await raw('GET http://evil.example/sse?x HTTP/1.1\r\nHost: evil.example\r\n\r\n').opened();
    expect(absolute.status()).to.equal(200);
    expect(up.requests[0]!.line).to.equal('GET /logs/stream HTTP/1.1');
    expect(up.requests[0]!.headers.host).to.equal(`127.0.0.1:${up.port}`);
    const slashes = await raw('GET //evil.example/sse HTTP/1.1\r\nHost: a\r\n\r\n').opened();
    expect(slashes.status()).to.equal(404);
    expect(up.requests).to.have.length(1);
  });

  it('never sends %0d%0a of a path or query decoded [input 6]', async () => {
    const up = await upstream((request) => request.begin());
    const options = { target: `http://127.0.0.1:${up.port}/:id/logs`, forwardQuery: true } as const;
    const { port } = await app(options, { path: '/sse/:id' });
    const inPath = await visit(port, '/sse/a%0d%0aX-Evil:1').opened();
    expect(inPath.status()).to.equal(400);
    expect(inPath.wire()).to.not.match(/evil/i);
    await visit(port, '/sse/a?x=%0d%0aX-Evil:1&%0d%0aX-Evil=1').opened();
    expect(up.requests[0]!.line).to.equal('GET /a/logs?x=%0d%0aX-Evil:1&%0d%0aX-Evil=1 HTTP/1.1');
    expect(up.requests[0]!.headers).to.not.have.property('x-evil');
  });

  const smuggled = {
    'Content-Length and Transfer-Encoding': 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'two Content-Lengths': 'Content-Length: 5\r\nContent-Length: 6\r\n',
    'a space before the colon': 'Content-Length : 5\r\n',
    'chunked that is not last': 'Transfer-Encoding: chunked, identity\r\n',
  };
  for (const [name, lines] of Object.entries(smuggled)) {
    it(`responds to ${name} with 400 and closes the connection [input 9]`, async () => {
      const { up, raw } = await served();
      const browser = raw(`GET /sse HTTP/1.1\r\nHost: a\r\n${lines}\r\n0\r\n\r\nGET /sse HTTP/1.1\r\nHost: a\r\n\r\n`);
      await until(() => browser.closed());
      expect(browser.wire()).to.match(/^HTTP\/1\.1 400 /);
      expect(browser.wire().match(/HTTP\/1\.1 /g)).to.have.length(1);
      expect(up.requests).to.have.length(0);
    });
  }

  it('does not forward Upgrade, and serves a stream [input 10]', async () => {
    const { up, get } = await served();
    const browser = await get('/sse', { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'x' });
    expect(browser.status()).to.equal(200);
    expect(up.requests[0]!.headers).to.include({ connection: 'close' });
    expect(up.requests[0]!.headers).to.not.have.any.keys('upgrade', 'sec-websocket-key');
  });

  it('responds to 64 KiB of headers with 431 [input 11]', async () => {
    const { up, get } = await served();
    expect((await get('/sse', { 'X-Big': 'x'.repeat(65_536) })).status()).to.equal(431);
    expect(up.requests).to.have.length(0);
  });

  it('serves only the first of pipelined requests, and calls no hook for the others [input 16]', async () => {
    let asked = 0;
    const authorize = () => Boolean(++asked);
    const { up, raw, proxy } = await served({ authorize });
    const browser = raw('GET /sse HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100));
    const request = await up.request();
    request.send('data: a\n\n');
    expect(await browser.sees('a\n\n')).to.equal('data: a\n\n');
    expect(proxy.stats()).to.include({ open: 1, opening: 0, opened: 1 });
    request.end();
    await until(() => browser.wire().split('HTTP/1.1 503 ').length - 1 === 99);
    expect(browser.wire().match(/"ERR_SSE_PIPELINED"/g)).to.have.length(99);
    expect([asked, up.requests.length]).to.deep.equal([1, 1]);
  });

  it('releases everything when a browser that pipelines leaves [input 16]', async () => {
    const { up, raw, proxy } = await served();
    const browser = raw('GET /sse HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2));
    const request = await up.request();
    browser.leave();
    await until(() => request.closed() && proxy.stats().open === 0);
    expect(proxy.stats()).to.include({ opening: 0, upstreamConnections: 0 });
  });
});
