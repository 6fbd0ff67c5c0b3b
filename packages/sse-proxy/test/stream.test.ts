import { expect } from 'chai';
import { heartbeats, stage } from './support/stage.ts';
import { until } from './support/until.ts';

describe('the bytes of a stream', () => {
  const { clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('ends the response as complete after a clean end of the upstream [R33]', async () => {
    const { browser, request } = await opened();
    request.send('data: one\n\n');
    request.end();
    await until(() => browser.complete());
    expect(browser.body()).to.equal('data: one\n\n');
  });

  for (const [how, breakOff] of [
    ['is reset', (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
    ['ends without its last chunk', (socket: { end(): void }) => socket.end()],
  ] as const) {
    it(`breaks the browser's connection off if the upstream ${how} [R3]`, async () => {
      const { app: proxied, browser, request } = await opened();
      request.send('data: one\n\n');
      await browser.sees('data: one\n\n');
      breakOff(request.socket);
      await until(() => browser.closed());
      expect(browser.complete()).to.equal(false);
      expect(browser.body()).to.equal('data: one\n\n');
      expect(proxied.witness.closes.map((close) => close.reason)).to.deep.equal(['upstream-broken']);
    });
  }

  it('passes the bytes of events unchanged, invalid UTF-8 included, however they are sliced [R22]', async () => {
    const sent = Buffer.concat([
      Buffer.from('event: é\r\nid: ü\r\ndata: \u{1f600} ', 'utf8'),
      Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x00, 0xed, 0xa0, 0x80]),
      Buffer.from('\r\n\r\ndata\n\n: \x01 comment\ndata:x\rdata:y\n\n'),
    ]);
    const { app: proxied, browser, request } = await opened();
    for (const byte of sent) request.send(Buffer.of(byte));
    request.send(sent);
    request.send('data: last\n\n');
    await browser.sees('data: last\n\n');
    const twice = sent.toString('latin1').repeat(2);
    expect(browser.body()).to.equal(`${twice}data: last\n\n`);
    expect(proxied.proxy.stats()).to.include({ events: 7, bytes: browser.body().length });
  });

  it('drops an incomplete event at the end of the upstream [R22]', async () => {
    const { browser, request } = await opened();
    request.send('id: 1\ndata: one\n\nid: 2\ndata: tw');
    request.end();
    await until(() => browser.complete());
    expect(browser.body()).to.equal('id: 1\ndata: one\n\n');
  });

  it('forwards a Last-Event-ID byte for byte, from the header or from ?lastEventId= [R24]', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url });
    const id = Buffer.from('日本-ü').toString('latin1');
    await visit(port, '/sse', { 'Last-Event-ID': id }).opened();
    await visit(port, `/sse?lastEventId=${encodeURIComponent('日本-ü')}`).opened();
    expect(up.requests.map((request) => request.headers['last-event-id'])).to.deep.equal([id, id]);
    expect(up.requests.map((request) => request.line.split(' ')[1])).to.deep.equal(['/logs/stream', '/logs/stream']);
  });

  it("starts the cursor as the browser's Last-Event-ID [R25]", async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url });
    await visit(port, '/sse', { 'Last-Event-ID': '41' }).opened();
    await visit(port).opened();
    await visit(port, '/sse?lastEventId=').opened();
    // The header is newer: a browser that reconnects by itself keeps its first URL.
    await visit(port, '/sse?lastEventId=40', { 'Last-Event-ID': '42' }).opened();
    const sent = up.requests.map((request) => request.headers['last-event-id']);
    expect(sent).to.deep.equal(['41', undefined, undefined, '42']);
  });

  it("passes the upstream's comments at once, without waiting for an empty line [R27]", async () => {
    const { browser, request } = await opened();
    request.send(': still here\n');
    expect(await browser.sees('here\n')).to.equal(': still here\n');
    request.send('data: one\n: inside\ndata: two\n\n');
    expect(await browser.sees('two\n\n')).to.equal(': still here\ndata: one\n: inside\ndata: two\n\n');
  });

  it("counts the upstream's comments as life, but not the proxy's heartbeats [R27]", async () => {
    const commenting = new Set<NodeJS.Timeout>();
    const up = await upstream((request) => {
      request.begin();
      if (request.headers['last-event-id'] === 'quiet') return;
      const timer = setInterval(() => request.send(':\n'), 5);
      commenting.add(timer);
      request.socket.on('close', () => clearInterval(timer));
    });
    const { port, witness } = await app({ target: up.url, idleTimeoutMs: 200, heartbeatMs: 20, retryMs: false });
    const lively = visit(port);
    await lively.sees(':\n');
    // Two timeouts pass, one after the other, while the first stream stays open.
    for (const _ of [1, 2]) {
      const quiet = visit(port, '/sse', { 'Last-Event-ID': 'quiet' });
      await until(() => quiet.closed());
      expect(heartbeats(quiet.body())).to.be.above(1);
      expect(quiet.complete()).to.equal(false);
    }
    expect(witness.closes.map((close) => close.reason)).to.deep.equal(['upstream-idle', 'upstream-idle']);
    expect(lively.closed()).to.equal(false);
  });

  it('sends the reconnection time first [R28]', async () => {
    const { browser, request } = await opened({ retryMs: 1234.4 });
    request.send('data: one\n\n');
    expect(await browser.sees('one\n\n')).to.equal('retry: 1234\ndata: one\n\n');
  });

  it('sends no reconnection time with retryMs: false [R28]', async () => {
    const { browser, request } = await opened({ retryMs: false });
    request.send('data: one\n\n');
    expect(await browser.sees('one\n\n')).to.equal('data: one\n\n');
  });

  it('sends refused and end events without an id [R57]', async () => {
    const { app: proxied, browser, request } = await opened();
    request.send('id: 7\ndata: one\n\n');
    await browser.sees('one\n\n');
    void proxied.proxy.close();
    await until(() => browser.complete());
    const late = visit(proxied.port);
    await until(() => late.complete());
    expect(browser.body().replace('id: 7\n', ''))
      .to.match(/sse-proxy:end/)
      .and.not.match(/^id/m);
    expect(late.body())
      .to.match(/sse-proxy:refused/)
      .and.not.match(/^id/m);
  });
});
