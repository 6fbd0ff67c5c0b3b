import type { ServerResponse } from 'node:http';
import { trace } from '@opentelemetry/api';
import { expect } from 'chai';
import type { Response } from 'express';
import { startOpenTelemetry, summary } from '../../packages/sse-proxy/test/support/agents.ts';
import { proxyApp, serve } from '../../packages/sse-proxy/test/support/app.ts';
import { cleaner, until } from '../../packages/sse-proxy/test/support/until.ts';
import { needs } from '../support/needs.ts';
import { launchBrowser } from './support/browser.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const browserSpan = '00f067aa0ba902b7';

// As instrumented pages do: every fetch carries the span's traceparent.
const page = `<!doctype html><title>stream</title><script>
  window.seen = '';
  (async () => {
    const headers = { accept: 'text/event-stream', traceparent: '00-${traceId}-${browserSpan}-01' };
    const response = await fetch('/sse', { headers });
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) seen += text;
  })();
</script>`;

describe('a trace that begins in Chromium', () => {
  needs('chromium');
  const { add, clean } = cleaner();
  afterEach(clean);

  it('a trace continues in the proxy and in the handler of the upstream, without an error when the page is closed', async () => {
    const telemetry = add(startOpenTelemetry(), (it) => it.stop());
    const traceIds: (string | undefined)[] = [];
    const upstream = add(
      await serve((_req, res: ServerResponse) => {
        traceIds.push(trace.getActiveSpan()?.spanContext().traceId);
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('id: 1\ndata: one\n\n');
      }),
      (it) => it.close(),
    );
    const app = add(
      await proxyApp(
        { target: `http://127.0.0.1:${upstream.port}/logs` },
        { before: (server) => server.get('/page', (_, res: Response) => void res.type('html').send(page)) },
      ),
      (it) => it.close(),
    );
    const chromium = add(await launchBrowser(), (it) => it.close());
    const tab = await chromium.browser.newPage();
    tab.setDefaultTimeout(100_000);
    await tab.goto(`http://127.0.0.1:${app.port}/page`);
    await tab.waitForFunction('seen.includes("data: one")');
    await tab.close();

    const ofTrace = () =>
      telemetry
        .spans()
        .map(summary)
        .filter((span) => span.traceId === traceId);
    await until(() => ofTrace().length === 3);
    const proxy = ofTrace().find(({ parentId }) => parentId === browserSpan);
    const sent = ofTrace().find(({ parentId }) => parentId === proxy?.spanId);
    const handled = ofTrace().find(({ parentId }) => parentId === sent?.spanId);
    expect([proxy, sent, handled].map((span) => span?.isError)).to.deep.equal([false, false, false]);
    expect(traceIds).to.deep.equal([traceId]);
  });
});
