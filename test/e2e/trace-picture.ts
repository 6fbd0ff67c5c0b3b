// Draws docs/trace.svg from the spans of a real stream, whose upstream breaks once: `npm run trace-picture`.
import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { startOpenTelemetry, summary } from '../../packages/sse-proxy/test/support/agents.ts';
import { proxyApp, serve } from '../../packages/sse-proxy/test/support/app.ts';
import { until } from '../../packages/sse-proxy/test/support/until.ts';
import { escapeXml } from '../bench/chart.ts';

const width = 760;
const labelWidth = 250;
const rowHeight = 26;

/** Opens a stream, breaks its upstream, resumes it, and leaves. Returns the spans of the trace. */
async function record(): Promise<ReadableSpan[]> {
  const telemetry = startOpenTelemetry();
  const streams: ServerResponse[] = [];
  const upstream = await serve((_req, res) => {
    streams.push(res.writeHead(200, { 'content-type': 'text/event-stream' }));
    res.write(`id: ${streams.length}\ndata: line\n\n`);
  });
  const app = await proxyApp({
    target: `http://127.0.0.1:${upstream.port}/logs/stream`,
    resume: { minDelayMs: 200, maxDelayMs: 200 },
  });
  const leaving = new AbortController();
  await fetch(`http://127.0.0.1:${app.port}/sse`, { signal: leaving.signal });
  await setTimeout(1_500);
  streams[0]?.destroy();
  await until(() => streams.length === 2);
  await setTimeout(1_000);
  leaving.abort();
  await until(() => telemetry.spans().length === 6);
  const spans = [...telemetry.spans()];
  await app.close();
  await upstream.close();
  await telemetry.stop();
  return spans;
}

interface Row {
  readonly span: ReadableSpan;
  readonly depth: number;
}

/** The spans as a tree, parents first. */
function rowsOf(spans: readonly ReadableSpan[], parentId?: string, depth = 0): Row[] {
  const children = spans.filter((span) => summary(span).parentId === parentId);
  return children
    .toSorted((left, right) => msOf(left.startTime) - msOf(right.startTime))
    .flatMap((span) => [{ span, depth }, ...rowsOf(spans, summary(span).spanId, depth + 1)]);
}

const names = ['browser: GET /sse', 'proxy: GET /sse', 'proxy: GET upstream', 'upstream: GET /logs/stream'];
const msOf = ([seconds, nanoseconds]: ReadableSpan['startTime']) => seconds * 1_000 + nanoseconds / 1e6;

function draw(rows: readonly Row[]): string {
  const from = Math.min(...rows.map(({ span }) => msOf(span.startTime)));
  const to = Math.max(...rows.map(({ span }) => msOf(span.endTime)));
  const x = (ms: number) => labelWidth + ((ms - from) / (to - from)) * (width - labelWidth - 10);
  const drawn = rows.map(({ span, depth }, index) => {
    const { isError, exceptions } = summary(span);
    const y = 10 + index * rowHeight;
    const [start, end] = [x(msOf(span.startTime)), x(msOf(span.endTime))];
    const code = isError ? String(exceptions[0]?.['exception.type']) : '';
    return [
      `<text x="${10 + depth * 18}" y="${y + 15}">${escapeXml(names[depth] ?? '')}</text>`,
      `<rect class="${isError ? 'error' : 'ok'}" x="${start.toFixed(1)}" y="${y}" width="${Math.max(2, end - start).toFixed(1)}" height="${rowHeight - 6}" rx="2"/>`,
      code && `<text class="code" x="${(start + 8).toFixed(1)}" y="${y + 15}">${escapeXml(code)}</text>`,
    ].join('');
  });
  const height = 20 + rows.length * rowHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The spans of one stream whose upstream breaks once: the upstream request that broke is an error, the others are not">
<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .background { fill: #ffffff; } .ok { fill: #0969da; } .error { fill: #cf222e; } .code { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .background { fill: #0d1117; } .ok { fill: #4493f8; } .error { fill: #f85149; } .code { fill: #0d1117; }
  }
</style>
<rect class="background" width="100%" height="100%"/>
${drawn.join('\n')}
</svg>
`;
}

await writeFile(new URL('../../docs/trace.svg', import.meta.url), draw(rowsOf(await record())));
