import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect } from 'chai';
import { browse } from '../../packages/sse-proxy/test/support/browser.ts';
import { until } from '../../packages/sse-proxy/test/support/until.ts';
import { type RawUpstream, rawUpstream } from '../../packages/sse-proxy/test/support/upstream.ts';
import { pack } from './support/pack.ts';
import { createProject } from './support/project.ts';
import { root } from './support/run.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** 2: server, 3: client. */
  readonly kind: number;
  readonly status: { readonly code?: number };
}
interface Export {
  readonly resourceSpans: { readonly scopeSpans: { readonly spans: Span[] }[] }[];
}

const SERVER = `
  import { sseProxy } from '@datashop/sse-proxy';
  import express from 'express';
  const app = express();
  app.get('/sse', sseProxy({ target: process.env.UPSTREAM }));
  const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

describe('the recipe for OpenTelemetry, with the packed sse-proxy', () => {
  let dir: string;
  let upstream: RawUpstream;
  let collector: Server;
  let server: ChildProcess;
  let port: number;
  const spans: Span[] = [];

  before(async function () {
    this.timeout(900_000);
    dir = mkdtempSync(join(tmpdir(), 'datashop-tracing-'));
    upstream = await rawUpstream((request) => {
      request.begin();
      request.send('id: 1\ndata: one\n\n');
    });
    collector = createServer(async (req, res) => {
      const { resourceSpans } = (await json(req)) as Export;
      spans.push(...(resourceSpans ?? []).flatMap((it) => it.scopeSpans.flatMap((scope) => scope.spans)));
      res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    await once(collector.listen(0, '127.0.0.1'), 'listening');
    const project = await createProject(join(dir, 'app'), 'module', {
      ...(await pack(dir, ['sse-proxy'])),
      express: '^5.0.0',
      '@opentelemetry/instrumentation-http': '*',
      '@opentelemetry/instrumentation-undici': '*',
      '@opentelemetry/sdk-node': '*',
    });
    cpSync(join(root, 'examples/recipes/tracing/tracing.mjs'), join(project.dir, 'tracing.mjs'));
    project.write('server.mjs', SERVER);
    server = spawn(process.execPath, ['--import=./tracing.mjs', 'server.mjs'], {
      cwd: project.dir,
      env: {
        ...process.env,
        UPSTREAM: upstream.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(server.stdout!.setEncoding('utf8'), 'data');
    port = Number(line);
  });
  after(async () => {
    if (server && server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    collector?.close();
    await upstream?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  it('the upstream gets the traceparent of a span in the browser’s trace, and leaving is no error', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const browser = browse(port, '/sse', { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    await browser.sees('data: one\n\n');
    const { headers } = await upstream.request(0);
    browser.leave();
    const ofKind = (kind: number) => spans.find((span) => span.traceId === traceId && span.kind === kind);
    await until(() => ofKind(2) && ofKind(3));
    expect(ofKind(2)?.parentSpanId).to.equal('b7ad6b7169203331');
    expect(ofKind(3)?.parentSpanId).to.equal(ofKind(2)?.spanId);
    expect(headers.traceparent).to.equal(`00-${traceId}-${ofKind(3)?.spanId}-01`);
    expect(ofKind(3)?.status.code ?? 0).to.equal(0);
  });
});
