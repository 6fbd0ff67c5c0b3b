import { expect } from 'chai';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

// Rows of "From upstream" in the list of faults: what comes inside a stream, end to end. Without resume, a cut
// upstream cuts the browser, whose own reconnect then begins a new stream.
describe("the upstream's events", () => {
  const { clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  it('a BOM is stripped at the start of every upstream connection, and nowhere else [input 25]', async () => {
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

  it('a BOM that arrives in pieces is stripped [input 25]', async () => {
    const { browser, request } = await opened();
    for (const byte of Buffer.from('\ufeffdata: one\n\n')) request.send(Buffer.of(byte));
    expect(await browser.sees('one\n\n')).to.equal('data: one\n\n');
  });

  it('a CR at the end of one chunk and its LF in the next make no phantom event [input 26]', async () => {
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

  it('a connection cut between CR and LF delivers the event once, and the LF begins nothing [input 26]', async () => {
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
    expect(await second.sees('two\n\n')).to.equal('data: two\n\n');
    expect(proxy.stats().events).to.equal(2);
  });

  it('a stream cut at `da` is never fused with the one that follows [input 27]', async () => {
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

  for (const share of [false, true]) {
    const mode = share ? 'shared' : 'dedicated';

    it(`puts a gap in the place of an event over maxEventBytes and goes on (${mode}) [R34] [row 40] [input 28]`, async () => {
      const { app: proxied, browser, request } = await opened({ maxEventBytes: 4_096, share });
      request.send('id: 1\ndata: one\n\nid: 2\ndata: ');
      for (let i = 0; i < 20; i++) request.send('x'.repeat(512));
      request.send('\n\nid: 3\ndata: three\n\n');
      const body = await browser.sees('three\n\n');
      const gap = /event: sse-proxy:gap\ndata: \{"reason":"event-too-large","from":"[^"]+","to":"[^"]+","id":"2"\}\n\n/;
      expect(body).to.match(gap);
      expect(body.replace(gap, '')).to.equal('id: 1\ndata: one\n\nid: 2\n\nid: 3\ndata: three\n\n');
      expect(proxied.witness.gaps.map(({ reason }) => reason)).to.deep.equal(['event-too-large']);
      expect(proxied.witness.closes).to.deep.equal([]);
    });

    it(`reconnects when an event is unfinished at 64 × maxEventBytes (${mode}) [R34] [input 28]`, async () => {
      const resume = { minDelayMs: 5, maxDelayMs: 20 };
      const { browser, request, upstream: up } = await opened({ maxEventBytes: 1_024, share, resume });
      request.send('id: 1\ndata: one\n\n');
      for (let i = 0; i < 70; i++) request.send('x'.repeat(1_024));
      const again = await up.request(1);
      expect(again.headers['last-event-id']).to.equal('1');
      again.begin();
      again.send('id: 2\ndata: two\n\n');
      const body = await browser.sees('two\n\n');
      expect(body.match(/event-too-large|data: \w+/g)).to.deep.equal(['data: one', 'event-too-large', 'data: two']);
    });
  }

  it('passes an event of exactly maxEventBytes [input 28]', async () => {
    const { browser, request } = await opened({ maxEventBytes: 4_096 });
    const event = `data: ${'x'.repeat(4_088)}\n\n`;
    request.send(event.slice(0, 3_000));
    request.send(event.slice(3_000));
    request.send('data: next\n\n');
    expect(await browser.sees('next\n\n')).to.equal(`${event}data: next\n\n`);
  });

  for (const retry of ['0', '-1', '1e3', '300000', '', '1 000', '٣']) {
    it(`passes retry: ${retry || '(empty)'} as it came [R26] [input 29]`, async () => {
      const { app: proxied, browser, request } = await opened();
      const event = `retry: ${retry}\ndata: one\n\n`;
      request.send(`${event}retry: ${retry}\n\ndata: two\n\n`);
      await browser.sees('two\n\n');
      expect(browser.body()).to.equal(Buffer.from(`${event}retry: ${retry}\n\ndata: two\n\n`).toString('latin1'));
      expect(proxied.proxy.stats().events).to.equal(2);
    });
  }

  it('clamps a retry: that reaches the browser [R26] [input 29]', async () => {
    const { browser, request } = await opened();
    request.send('retry: 100000000000000000000\ndata: one\n\n');
    expect(await browser.sees('one\n\n')).to.equal('retry: 300000\ndata: one\n\n');
  });

  it('keeps a second BOM, but never as the first bytes of a response [R21] [input 25]', async () => {
    const { browser, request } = await opened({ share: true });
    const bom = '\xef\xbb\xbf';
    request.send(Buffer.from(`${bom}${bom}data: not data\nid: 1\ndata: one\n\ndata: two\n\n`, 'latin1'));
    const expected = `:\n${bom}data: not data\nid: 1\ndata: one\n\ndata: two\n\n`;
    expect(await browser.sees('two\n\n')).to.equal(expected);
  });

  it('events without ids, with repeated and with decreasing ids are delivered as they came [input 30]', async () => {
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

  it('invalid and split UTF-8 arrives byte-identical [input 31]', async () => {
    const bytes = Buffer.concat([Buffer.from('data: '), Buffer.from([0xc3]), Buffer.from([0xff, 0xf0, 0x9f, 0x98])]);
    const { browser, request } = await opened();
    request.send(bytes);
    request.send(Buffer.concat([Buffer.from([0x80]), Buffer.from('\n\ndata: \xe2'), Buffer.from('\n\ndata: end\n\n')]));
    await browser.sees('end\n\n');
    const expected = `${bytes.toString('latin1')}\x80\n\n${Buffer.from('data: \xe2').toString('latin1')}\n\ndata: end\n\n`;
    expect(browser.body()).to.equal(expected);
  });
});
