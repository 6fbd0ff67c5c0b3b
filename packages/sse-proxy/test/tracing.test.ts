import { trace } from '@opentelemetry/api';
import { expect } from 'chai';
import { Agent } from 'undici';
import type { OpenContext, SseProxyOptions } from '../src/types.ts';
import { type OpenTelemetry, startOpenTelemetry, summary } from './support/agents.ts';
import type { ProxyApp } from './support/app.ts';
import type { RawBrowser } from './support/browser.ts';
import { stage } from './support/stage.ts';
import { until } from './support/until.ts';
import type { UpstreamRequestSeen } from './support/upstream.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const browserSpan = 'b7ad6b7169203331';
const fields = { traceparent: `00-${traceId}-${browserSpan}-01`, tracestate: 'vendor=1' };
const resume = { minDelayMs: 1, maxDelayMs: 2 };

/** The values of a field that may be repeated. */
const valuesOf = ({ head }: UpstreamRequestSeen, name: string) =>
  [...head.matchAll(new RegExp(`^${name}: (.*)$`, 'gim'))].map(([, value]) => value);

describe('under OpenTelemetry', () => {
  const { add, clean, upstream, app, visit } = stage({ resume });
  let telemetry: OpenTelemetry;
  beforeEach(() => {
    telemetry = startOpenTelemetry();
  });
  afterEach(async () => {
    await clean();
    await telemetry.stop();
  });

  const client = async (count = 1) => {
    await until(() => telemetry.of('CLIENT').length === count);
    return telemetry.of('CLIENT').map(summary);
  };
  const server = async (count = 1) => {
    await until(() => telemetry.of('SERVER').length === count);
    return telemetry.of('SERVER').map(summary);
  };

  it("the upstream gets one traceparent, whose parent is the proxy's span in the browser's trace", async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url });
    const browser = await visit(port, '/sse', fields).opened();
    browser.leave();
    const [sent] = await client();
    const [served] = await server();
    expect(served).to.include({ traceId, parentId: browserSpan, isError: false });
    expect(sent).to.include({ traceId, parentId: served?.spanId, isError: false });
    expect(valuesOf(up.requests[0]!, 'traceparent')).to.deep.equal([`00-${traceId}-${sent?.spanId}-01`]);
    expect(valuesOf(up.requests[0]!, 'tracestate')).to.deep.equal(['vendor=1']);
  });

  it('every request of a resumed stream is a child of its browser, however many streams resume at once', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, retryMs: 1 });
    // More than begin in one turn.
    const count = 40;
    const ids = Array.from({ length: count }, (_, n) => (n + 1).toString(16).padStart(32, '0'));
    const browsers = ids.map((id) =>
      visit(port, '/sse', { traceparent: `00-${id}-${browserSpan}-01`, 'X-Request-Id': id }),
    );
    await Promise.all(browsers.map((browser) => browser.opened()));
    // In one turn, so that the proxy reads many sockets at once.
    for (const request of up.requests) {
      request.send('id: 1\ndata: one\n\n');
      request.end();
    }
    await until(() => up.requests.length === 2 * count);
    for (const request of up.requests) {
      expect(valuesOf(request, 'traceparent')[0]?.split('-')[1]).to.equal(request.headers['x-request-id']);
    }
    for (const browser of browsers) browser.leave();
    const sent = await client(2 * count);
    const served = new Map((await server(count)).map((span) => [span.spanId, span.traceId]));
    for (const { parentId, traceId: own } of sent) expect(served.get(parentId ?? '')).to.equal(own);
  });

  it('requests of shared feeds, also resumed ones, are roots and carry one traceparent', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url, share: { lingerMs: 0 } });
    const browsers = [visit(port, '/sse', fields), visit(port, '/sse', fields)];
    await Promise.all(browsers.map((browser) => browser.opened()));
    up.requests[0]?.send('id: 1\ndata: one\n\n');
    await Promise.all(browsers.map((browser) => browser.sees('one\n\n')));
    up.requests[0]?.reset();
    await up.request(1);
    for (const browser of browsers) browser.leave();
    const sent = await client(2);
    for (const [index, { traceId: own, spanId, parentId }] of sent.entries()) {
      expect([own === traceId, parentId]).to.deep.equal([false, undefined]);
      expect(valuesOf(up.requests[index]!, 'traceparent')).to.deep.equal([`00-${own}-${spanId}-01`]);
      expect(valuesOf(up.requests[index]!, 'tracestate')).to.deep.equal([]);
    }
    expect(await server(2)).to.have.length(2);
  });

  for (const share of [{ join: 'live' }, false] as const) {
    it(`onOpen names the span of ${share ? 'the shared request, so that browsers can link to it' : 'no dedicated request, which is a child of the browser’s'}`, async () => {
      const up = await upstream((request) => request.begin());
      // As docs/tracing-and-logs.md shows it.
      const onOpen = ({ sharedSpan: context }: OpenContext) => context && trace.getActiveSpan()?.addLink({ context });
      const { port } = await app({ target: up.url, share, observers: [{ onOpen }] });
      const browsers = [await visit(port, '/sse', fields).opened(), await visit(port).opened()];
      for (const browser of browsers) browser.leave();
      const served = await until(() => telemetry.of('SERVER').length === 2 && telemetry.of('SERVER'));
      await clean();
      const [sent] = telemetry.of('CLIENT');
      const { traceId: own, spanId, traceFlags } = sent!.spanContext();
      const links = served.map((span) => span.links.map(({ context }) => context));
      expect(links).to.deep.equal(Array(2).fill(share ? [{ traceId: own, spanId, traceFlags }] : []));
    });
  }

  it("observers are called in the context of the browser's span: at the open, at a loss, at the end", async () => {
    const up = await upstream((request) => request.begin());
    const seen: (string | undefined)[] = [];
    const see = () => void seen.push(trace.getActiveSpan()?.spanContext().traceId);
    const { port } = await app({
      target: up.url,
      observers: [{ onOpen: see, onUpstreamLost: see, onResume: see, onGap: see, onClose: see }],
    });
    const browser = await visit(port, '/sse', fields).opened();
    up.requests[0]?.send('data: one\n\n');
    await browser.sees('one\n\n');
    up.requests[0]?.reset();
    await browser.sees('sse-proxy:gap');
    browser.leave();
    await until(() => seen.length === 5);
    expect(new Set(seen)).to.deep.equal(new Set([traceId]));
  });

  type Act = (request: UpstreamRequestSeen, browser: RawBrowser, app: ProxyApp) => unknown;
  const chunked: Act = (request) => request.begin();
  const counted: Act = (request) =>
    request.raw('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 11\r\n\r\n');
  const leaves: Act = (_, browser) => browser.leave();
  const drains: Act = (_, __, { proxy }) => proxy.close();
  const normal: [name: string, begin: Act | undefined, end: Act][] = [
    ['a browser leaves', chunked, leaves],
    ['a browser leaves before the upstream responds', undefined, leaves],
    ['a browser leaves a stream with a Content-Length', counted, leaves],
    ['the proxy drains', chunked, drains],
    ['the upstream ends a chunked stream', chunked, (request) => request.end()],
    ['the upstream ends a chunked stream and closes', chunked, (request) => request.socket.end('0\r\n\r\n')],
    ['the upstream ends a stream with a Content-Length', counted, (request) => request.raw('data: one\n\n')],
    ['the upstream has no more to send', undefined, (request) => request.raw('HTTP/1.1 204 No Content\r\n\r\n')],
  ];
  const ways: [name: string, options: () => Partial<SseProxyOptions>][] = [
    ['', () => ({})],
    [', fastPath: false', () => ({ fastPath: false })],
    [", a dispatcher of the user's", () => ({ dispatcher: add(new Agent(), (agent) => agent.destroy()) })],
  ];
  for (const [way, options] of ways) {
    for (const [name, begin, end] of normal) {
      it(`no span is an error when ${name}${way}`, async () => {
        const up = await upstream();
        const proxied = await app({ target: up.url, ...options() });
        const browser = visit(proxied.port, '/sse', fields);
        const request = await up.request();
        begin?.(request, browser, proxied);
        if (begin) await browser.opened();
        await end(request, browser, proxied);
        expect((await client())[0])
          .to.include({ isError: false })
          .and.to.deep.include({ exceptions: [] });
        browser.leave();
        expect((await server())[0])
          .to.include({ isError: false })
          .and.to.deep.include({ exceptions: [] });
      });
    }
  }

  it('no span is an error when many upstreams end and close in one turn', async () => {
    const up = await upstream((request) => request.begin());
    const { port } = await app({ target: up.url });
    const browsers = Array.from({ length: 20 }, () => visit(port));
    await Promise.all(browsers.map((browser) => browser.opened()));
    for (const request of up.requests) request.socket.end('b\r\ndata: one\n\n\r\n0\r\n\r\n');
    const sent = await client(browsers.length);
    expect(sent.filter(({ isError }) => isError)).to.deep.equal([]);
    for (const browser of browsers) expect(await browser.sees('data: one\n\n')).to.include('sse-proxy:end');
  });

  const faults: [name: string, act: Act, code: string][] = [
    ['breaks', (request) => void [request.begin(), request.reset()], 'ERR_SSE_UPSTREAM_BROKEN'],
    ['breaks its coding', (request) => void [request.begin(), request.raw('zz\r\n')], 'ERR_SSE_UPSTREAM_BROKEN'],
    ['sends no headers in time', () => {}, 'ERR_SSE_UPSTREAM_TIMEOUT'],
    ['answers no HTTP', (request) => request.raw('s3cret s3cret\r\n\r\n'), 'ERR_SSE_UPSTREAM_PROTOCOL'],
  ];
  for (const [name, act, code] of faults) {
    it(`the span of an upstream that ${name} is an error, with ${code}`, async () => {
      const up = await upstream((request) => void act(request, {} as RawBrowser, {} as ProxyApp));
      const { port } = await app({ target: up.url, resume: false, headersTimeoutMs: 50, refuse: 'status' });
      visit(port);
      const [sent] = await client();
      expect(sent?.isError).to.equal(true);
      expect(sent?.exceptions).to.have.length(1);
      expect(sent?.exceptions[0]).to.include({ 'exception.type': code });
      expect(JSON.stringify(sent?.exceptions)).to.not.include('s3cret');
    });
  }

  it('the status alone makes the span of a refused request an error', async () => {
    const up = await upstream((request) => request.raw('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'));
    const { port } = await app({ target: up.url });
    visit(port);
    expect((await client())[0])
      .to.include({ isError: true })
      .and.to.deep.include({ exceptions: [] });
    expect((await server())[0]).to.include({ isError: false });
  });
});
