import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { until } from '../../packages/sse-proxy/test/support/until.ts';
import { Example, node } from './support/example.ts';

const serverScript = 'examples/minimal/src/server.ts';

describe('the minimal example', () => {
  let upstream: Server;
  let example: Example;
  let url: string;

  before(async () => {
    upstream = createServer().listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as AddressInfo;
    example = new Example(node(serverScript), { PORT: '0', UPSTREAM: `http://127.0.0.1:${port}/logs/stream` });
    url = await example.line();
  });
  after(async () => {
    await example?.end();
    upstream?.closeAllConnections();
    upstream?.close();
  });

  async function asked(): Promise<[IncomingMessage, ServerResponse]> {
    return (await once(upstream, 'request')) as [IncomingMessage, ServerResponse];
  }

  it('the minimal example has under 15 lines', async () => {
    const source = await readFile(new URL(`../../${serverScript}`, import.meta.url), 'utf8');
    expect(source.trim().split('\n')).to.have.length.below(15);
  });

  it('the minimal example passes events on byte for byte, as they arrive [R22]', async () => {
    const request = asked();
    const browser = fetch(url, { headers: { accept: 'text/event-stream' } });
    const [req, res] = await request;
    expect(req.url).to.equal('/logs/stream');
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    const response = await browser;
    expect(response.headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');

    res.write('id: 1\ndata: one\n\n');
    let got = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      got += chunk;
      if (got.includes('one') && !got.includes('two')) res.write('id: 2\ndata: two\n\n');
      if (got.endsWith('two\n\n')) break;
    }
    expect(got).to.equal('retry: 2000\nid: 1\ndata: one\n\nid: 2\ndata: two\n\n');
  });

  it('the minimal example prints on its console why nothing arrives when its upstream can not be reached', async () => {
    const lonely = new Example(node(serverScript), { PORT: '0', UPSTREAM: 'http://127.0.0.1:1/logs/stream' });
    try {
      await (await fetch(await lonely.line())).text();
      await until(() => lonely.stderr.includes('ECONNREFUSED'));
      expect(lonely.stderr).to.include(
        '[ERR_SSE_UPSTREAM_CONNECT] SseProxyWarning: sse-proxy refused a stream on /sse/logs/stream: ' +
          'upstream http://127.0.0.1:1 failed in phase connect: ECONNREFUSED\n',
      );
    } finally {
      await lonely.end();
    }
  });

  it('the minimal example closes the upstream request when the browser leaves [R40]', async () => {
    const request = asked();
    const leaving = new AbortController();
    const browser = fetch(url, { headers: { accept: 'text/event-stream' }, signal: leaving.signal });
    const [, res] = await request;
    res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    await browser;
    const closed = once(res, 'close');
    leaving.abort();
    await closed;
  });
});
