import { expect } from 'chai';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { LogStreamObserver } from '../../log-stream/src/index.ts';
import { eventually, log, logsPath, service, stopServices } from '../../log-stream/test/support/service.ts';
import { leaveStreams, openStream } from '../../log-stream/test/support/sse.ts';
import { accessLog, auditLog, forLogService, sseMetrics } from '../src/index.ts';
import { counted, scrape } from './support/scrape.ts';

const secret = 'a secret of the tests';
const base = '/wfm/workflow/workspace/:workspaceId/workflow/:workflowId/logs';
const route = `${base}/stream`;

describe('the log service, watched by sse-metrics', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  async function watched(options: Parameters<typeof service>[0] = {}) {
    const registry = new Registry();
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const metrics = sseMetrics({ registry });
    const observers: LogStreamObserver[] = [metrics, accessLog({ log: logger }), auditLog({ log: logger, secret })].map(
      forLogService,
    );
    return {
      registry,
      metrics,
      lines,
      ...(await service({ observers, authorize: () => ({ key: 'ada' }), ...options })),
    };
  }

  it('counts its streams, logs, bytes and refusals, and starts its own series at 0', async () => {
    const { registry, metrics, url, store, router } = await watched({ limits: { rules: [{ name: 'user', max: 1 }] } });
    const zero = await scrape(registry);
    for (const series of [
      `active_sse_connections{route="${route}"}`,
      `sse_connection_errors_total{code="ERR_LOG_STREAM_LIMIT_KEY",route="${route}"}`,
      `sse_refused_total{reason="limit",route="${route}",rule=""}`,
      `sse_gaps_total{reason="unknown-id",route="${route}"}`,
      `sse_connection_duration_seconds_count{reason="store-failed",route="${route}"}`,
      `sse_refused_total{reason="forbidden",route="${base}",rule=""}`,
    ])
      expect(zero.get(series), series).to.equal(0);
    expect([...zero.keys()].filter((name) => name.includes('ERR_SSE'))).to.deep.equal([]);

    const stream = await openStream(`${url}${logsPath}/stream`, { headers: { 'last-event-id': 'unknown' } });
    await store.append([log('one'), log('two')]);
    await stream.until(() => stream.messages.length === 2);
    const refused = await fetch(`${url}${logsPath}/stream`);
    expect(refused.status).to.equal(429);
    const open = await scrape(registry);
    expect(counted(open)).to.deep.equal({
      [`active_sse_connections{route="${route}"}`]: 1,
      [`sse_messages_sent_total{route="${route}"}`]: 2,
      [`sse_reconnection_attempts_total{route="${route}"}`]: 1,
      [`sse_gaps_total{reason="unknown-id",route="${route}"}`]: 1,
      [`sse_refused_total{reason="limit",route="${route}",rule=""}`]: 1,
      [`sse_connection_errors_total{code="ERR_LOG_STREAM_LIMIT_KEY",route="${route}"}`]: 1,
    });
    expect(open.get(`sse_bytes_sent_total{route="${route}"}`)).to.equal(Buffer.byteLength(stream.text));
    expect(metrics.summary()).to.include({ active_sse_connections: 1, total_messages_sent: 2 });
    stream.leave();
    await eventually(() => router.stats().streams === 0);
    const closed = await scrape(registry);
    expect(closed.get(`sse_connection_duration_seconds_count{reason="browser-left",route="${route}"}`)).to.equal(1);
    expect(closed.get(`sse_messages_sent_total{route="${route}"}`)).to.equal(2);
  });

  it('writes access and audit lines of it', async () => {
    const { lines, url } = await watched();
    const stream = await openStream(`${url}${logsPath}/stream?search=s3cret`);
    stream.leave();
    await eventually(() => lines.length === 4);
    const [open, audited, closed] = lines as Record<string, unknown>[];
    const stable = { connection: open!.connection, route, workspace: 'ws', workflow: 'wf', user: 'ada' };
    expect(open).to.include({ ...stable, msg: 'SSE connection established' });
    expect(closed).to.include({ ...stable, reason: 'browser-left', msg: 'SSE connection closed' });
    expect(audited).to.include({ action: 'open', outcome: 'allowed', route });
    expect(JSON.stringify(audited)).to.not.match(/"(ada|ws|wf)"/);
    expect(JSON.stringify(lines)).to.not.include('s3cret');
  });
});
