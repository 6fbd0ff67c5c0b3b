import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { Agent } from 'undici';
import { clock } from './support/clock.ts';
import { settle } from './support/registry.ts';
import { feedWith } from './support/scripted.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';

const lines = 'data: pull\n\ndata: build\n\ndata: done\n\n';

describe('an upstream response that ends as complete', () => {
  const { add, clean, upstream, app, visit } = stage();
  afterEach(clean);

  const bodies = {
    'its last chunk': ['Transfer-Encoding: chunked\r\n', `${lines.length.toString(16)}\r\n${lines}\r\n0\r\n\r\n`],
    'its Content-Length': [`Content-Length: ${lines.length}\r\n`, lines],
    'the connection, without a framing': ['', lines],
  } as const;

  for (const [end, [field, body]] of Object.entries(bodies)) {
    for (const share of [false, true]) {
      it(`a complete response without ids is passed on whole, with an end event (${end}, ${share ? 'shared' : 'dedicated'}) [R33] [row 1c]`, async () => {
        const up = await upstream();
        const { port, witness } = await app({ target: up.url, share, resume: true, retryMs: 3_000 });
        const browsers = [visit(port), visit(port)];
        for (let at = 0; at < (share ? 1 : 2); at++) {
          const request = await up.request(at);
          request.raw(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${field}\r\n${body}`);
          request.socket.end();
        }
        for (const browser of share ? browsers.slice(0, 1) : browsers) {
          await until(() => browser.complete());
          const [, got, retry] =
            /^retry: 3000\n(.*)event: sse-proxy:end\nretry: (\d+)\ndata: \{"reason":"upstream-ended","retryMs":\2\}\n\n$/s.exec(
              browser.body(),
            ) ?? [];
          expect(got).to.equal(lines);
          expect(Number(retry)).to.be.within(3_000, 4_500);
        }
        expect(up.requests).to.have.length(share ? 1 : 2);
        expect(witness.gaps).to.deep.equal([]);
        expect(witness.closes.every(({ reason }) => reason === 'upstream-ended')).to.equal(true);
      });
    }
  }

  it('leaves the browser’s connection open for its next request, as the headers said [R33]', async () => {
    const up = await upstream((request) => {
      request.begin();
      request.send(lines);
      request.end();
    });
    const { port } = await app({ target: up.url, resume: true });
    const agent = add(new http.Agent({ keepAlive: true }), (it) => it.destroy());
    const sockets = new Set<unknown>();
    for (let n = 0; n < 3; n++) {
      const request = http.get({ port, path: '/sse', agent });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      sockets.add(response.socket);
      expect(await text(response)).to.include('"reason":"upstream-ended"');
      await until(() => Object.keys(agent.freeSockets).length === 1);
    }
    expect(sockets.size).to.equal(1);
  });

  it('after a complete response without ids, the browser returns no sooner than the upstream’s retry: [R33]', async () => {
    const up = await upstream();
    const { port } = await app({ target: up.url, resume: true });
    const browser = visit(port);
    const request = await up.request();
    request.begin();
    request.send(`retry: 60000\n${lines}`);
    request.end();
    await until(() => browser.complete());
    expect(Number(/"retryMs":(\d+)/.exec(browser.body())?.[1])).to.be.within(60_000, 90_000);
  });

  it('a complete response is passed on as it came with resume: false [R33]', async () => {
    const up = await upstream();
    const { port } = await app({ target: up.url, resume: false, retryMs: false });
    const browser = visit(port);
    const request = await up.request();
    request.begin();
    request.send(lines);
    request.end();
    await until(() => browser.complete());
    expect(browser.body()).to.equal(lines);
  });

  it('the end of a response is recognised by END_STREAM on HTTP/2 [R33]', async () => {
    const server = add(http2.createServer(), (it) => it.close());
    let requests = 0;
    server.on('stream', (stream: http2.ServerHttp2Stream) => {
      requests++;
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      stream.end(lines);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const dispatcher = add(new Agent({ allowH2: true, useH2c: true } as Agent.Options), (it) => it.destroy());
    const { port: upstreamPort } = server.address() as { port: number };
    const { port } = await app({
      target: `http://127.0.0.1:${upstreamPort}/`,
      dispatcher,
      resume: true,
      retryMs: false,
    });
    const browser = visit(port);
    await until(() => browser.complete());
    expect(browser.body()).to.match(/^data: pull\n\ndata: build\n\ndata: done\n\nevent: sse-proxy:end\n/);
    expect(requests).to.equal(1);
  });
});

describe('a feed whose upstream ends as complete', () => {
  beforeEach(() => clock.install());
  afterEach(() => clock.uninstall());

  const events = 'id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n';

  it('after a complete response with ids, a feed requests the stream again no sooner than retryMs, and doubles the wait until a new event arrives [R33] [row 1b]', async () => {
    const it = feedWith({ minDelayMs: 1, maxDelayMs: 10_000 }, { retryMs: 2_000 });
    await it.open();
    it.send(events);
    for (const [earliest, latest] of [
      [2_000, 3_000],
      [2_000, 4_000],
      [4_000, 8_000],
      [5_000, 10_000],
      [5_000, 10_000],
    ] as const) {
      const before = it.upstream.requests.length;
      it.end();
      await it.attempt(earliest - 1);
      expect(it.upstream.requests, `before ${earliest}`).to.have.length(before);
      await it.reopen(latest - earliest + 2);
      expect(it.upstream.requests, `after ${latest}`).to.have.length(before + 1);
      it.send(events.slice(events.indexOf('id: 2')));
    }
    it.send('id: 3\ndata: 3\n\n');
    it.end();
    await it.reopen(3_001);
    expect(it.upstream.requests).to.have.length(7);
    expect([it.gaps, it.overs]).to.deep.equal([[], []]);
    expect(it.text()).to.equal(`${events}id: 3\ndata: 3\n\n`);
  });

  it('waits for the upstream’s retry: even beyond maxDelayMs and maxOutageMs [R33]', async () => {
    const it = feedWith({ minDelayMs: 1, maxDelayMs: 1_000, maxOutageMs: 5_000 });
    await it.open();
    it.send(`retry: 30000\n${events}`);
    it.end();
    await it.attempt(29_999);
    expect([it.upstream.requests.length, it.overs]).to.deep.equal([1, []]);
    for (let waited = 30_000; waited <= 45_000 && it.upstream.requests.length < 2; waited += 500) await it.attempt(500);
    expect(it.upstream.requests).to.have.length(2);
    // The outage begins with the attempt.
    clock.tick(5_001);
    await settle();
    expect(it.overs.map(([reason]) => reason)).to.deep.equal(['upstream-broken']);
  });

  it('ends with afterEnd: end, and without ids, but not if the browser came with an id [R33]', async () => {
    const passed = feedWith({ afterEnd: 'end' });
    await passed.open();
    passed.send(events);
    passed.end();
    expect(passed.overs).to.deep.equal([['upstream-ended', undefined]]);
    const finite = feedWith(true);
    await finite.open();
    finite.send(lines);
    finite.end();
    expect(finite.overs).to.deep.equal([['upstream-ended', undefined]]);
    const returned = feedWith(true, { cursor: '7' });
    await returned.open();
    returned.end();
    expect(returned.overs).to.deep.equal([]);
    returned.feed.close();
  });
});
