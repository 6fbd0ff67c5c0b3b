import { expect } from 'chai';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

// Rows of "From upstream" in the list of faults: what comes inside a stream, end to end. Without resume, a cut
// upstream cuts the browser, whose own reconnect then begins a new stream.
describe("the upstream's events", () => {
  const { clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('row 25: a BOM is stripped at the start of every upstream connection, and nowhere else', async () => {
    const bom = Buffer.from('\ufeff').toString('latin1');
    const up = await upstream((request) => {
      request.begin();
      request.send('\ufeffid: 1\ndata: one\n\n\ufeffdata: \ufefftwo\n\n');
    });
    const { port } = await app({ target: up.url, retryMs: false });
    for (const extra of [{}, { 'Last-Event-ID': '1' }]) {
      const body = await visit(port, '/sse', extra).sees('two\n\n');
      expect(body).to.equal(`id: 1\ndata: one\n\n${bom}data: ${bom}two\n\n`);
    }
  });

  it('row 25: a BOM that comes in pieces is stripped too', async () => {
    const { browser, request } = await opened();
    for (const byte of Buffer.from('\ufeffdata: one\n\n')) request.send(Buffer.of(byte));
    expect(await browser.sees('one\n\n')).to.equal('data: one\n\n');
  });

  it('row 26: a CR at the end of one chunk and its LF in the next make no phantom event', async () => {
    const { app: proxied, browser, request } = await opened();
    request.send('data: one\r');
    request.send('\n\r');
    await browser.sees('data: one\r\n\r');
    request.send('\ndata: two\r\n\r');
    request.send('\n');
    request.send('data: three\n\n');
    await browser.sees('three\n\n');
    expect(browser.body()).to.equal('data: one\r\n\r\ndata: two\r\n\r\ndata: three\n\n');
    expect(proxied.proxy.stats().events).to.equal(3);
  });

  it('row 26: a connection cut between CR and LF delivers the event once, and the LF begins nothing', async () => {
    const up = await upstream();
    const { port, proxy } = await app({ target: up.url, retryMs: false });
    const first = visit(port);
    const request = await up.request();
    request.begin();
    request.send('id: 1\r\ndata: one\r\n\r');
    await first.sees('data: one\r\n\r');
    request.reset();
    await until(() => first.closed());
    const second = visit(port, '/sse', { 'Last-Event-ID': '1' });
    const again = await up.request(1);
    again.begin();
    again.send('\ndata: two\n\n');
    expect(await second.sees('two\n\n')).to.equal('\ndata: two\n\n');
    expect(proxy.stats().events).to.equal(2);
  });

  it('row 27: a stream cut at `da` is never fused with the one that follows', async () => {
    const up = await upstream();
    const { port } = await app({ target: up.url, retryMs: false });
    const first = visit(port);
    const request = await up.request();
    request.begin();
    request.send('id: 1\ndata: one\n\nid: 2\nda');
    await first.sees('one\n\n');
    request.reset();
    await until(() => first.closed());
    expect(first.body()).to.equal('id: 1\ndata: one\n\n');
    expect(first.complete()).to.equal(false);
    const second = visit(port, '/sse', { 'Last-Event-ID': '1' });
    const again = await up.request(1);
    expect(again.headers['last-event-id']).to.equal('1');
    again.begin();
    again.send('data: two\n\n');
    expect(await second.sees('two\n\n')).to.equal('data: two\n\n');
  });

  for (const [what, start, more] of [
    ['line', 'data: ', 'x'.repeat(512)],
    ['event', '', 'data: x\n'.repeat(64)],
    ['comment', ': ', 'x'.repeat(512)],
  ] as const) {
    it(`row 28: an endless ${what} is cut at maxEventBytes, and counted`, async () => {
      const { app: proxied, browser, request } = await opened({ maxEventBytes: 4_096 });
      request.send(`data: one\n\n${start}`);
      await browser.sees('one\n\n');
      for (let sent = start.length; sent + more.length <= 4_096; sent += more.length) request.send(more);
      request.send(more);
      await until(() => browser.closed() && request.closed());
      expect(browser.body()).to.equal('data: one\n\n');
      expect(browser.complete()).to.equal(false);
      const { errors, closes } = proxied.witness;
      expect(errors.map(({ error }) => error.code)).to.deep.equal(['ERR_SSE_EVENT_TOO_LARGE']);
      expect(closes.map((close) => close.reason)).to.deep.equal(['event-too-large']);
    });
  }

  it('row 28: an event of exactly maxEventBytes passes', async () => {
    const { browser, request } = await opened({ maxEventBytes: 4_096 });
    const event = `data: ${'x'.repeat(4_088)}\n\n`;
    request.send(event.slice(0, 3_000));
    request.send(event.slice(3_000));
    request.send('data: next\n\n');
    expect(await browser.sees('next\n\n')).to.equal(`${event}data: next\n\n`);
  });

  it('row 28: what was whole before the event that is too large has reached the browser', async () => {
    const { browser, request } = await opened({ maxEventBytes: 64 });
    request.send(`data: one\n\ndata: ${'x'.repeat(200)}`);
    await until(() => browser.closed());
    expect(browser.body()).to.equal('data: one\n\n');
    expect(browser.complete()).to.equal(false);
  });

  for (const retry of ['0', '-1', '1e3', '100000000000000000000', '', '1 000', '٣']) {
    it(`row 29: retry: ${retry || '(empty)'} passes as it came and disturbs nothing`, async () => {
      const { app: proxied, browser, request } = await opened();
      const event = `retry: ${retry}\ndata: one\n\n`;
      request.send(`${event}retry: ${retry}\n\ndata: two\n\n`);
      await browser.sees('two\n\n');
      expect(browser.body()).to.equal(Buffer.from(`${event}retry: ${retry}\n\ndata: two\n\n`).toString('latin1'));
      expect(proxied.proxy.stats().events).to.equal(2);
    });
  }

  it('row 30: events without ids, with repeated and with decreasing ids are delivered as they came', async () => {
    const events = [
      'data: none\n\n',
      ...[5, 5, 5, 3, 4, 1].map((id) => `id: ${id}\ndata: ${id}\n\n`),
      'id\ndata: e\n\n',
    ];
    const { app: proxied, browser, request } = await opened();
    for (const event of events) request.send(event);
    expect(await browser.sees('data: e\n\n')).to.equal(events.join(''));
    expect(proxied.proxy.stats().events).to.equal(events.length);
  });

  it('row 31: invalid and split UTF-8 arrives byte-identical', async () => {
    const bytes = Buffer.concat([Buffer.from('data: '), Buffer.from([0xc3]), Buffer.from([0xff, 0xf0, 0x9f, 0x98])]);
    const { browser, request } = await opened();
    request.send(bytes);
    request.send(Buffer.concat([Buffer.from([0x80]), Buffer.from('\n\ndata: \xe2'), Buffer.from('\n\ndata: end\n\n')]));
    await browser.sees('end\n\n');
    const expected = `${bytes.toString('latin1')}\x80\n\n${Buffer.from('data: \xe2').toString('latin1')}\n\ndata: end\n\n`;
    expect(browser.body()).to.equal(expected);
  });
});
