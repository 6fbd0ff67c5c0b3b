import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { LogStreamObserver } from '../../log-stream/src/index.ts';
import { eventually, log, logsPath, service, stopServices } from '../../log-stream/test/support/service.ts';
import { leaveStreams, openStream } from '../../log-stream/test/support/sse.ts';
import { accessLog, adminPage, auditLog, forLogService, hashId, sseMetrics } from '../src/index.ts';
import { counted, scrape } from './support/scrape.ts';

const secret = 'a secret of the tests';
const base = '/wfm/workflow/workspace/:workspaceId/workflow/:workflowId/logs';
const route = `${base}/stream`;

describe('the log service, watched by sse-metrics', () => {
  afterEach(async () => {
    leaveStreams();
    await stopServices();
  });

  async function watched(options: Parameters<typeof service>[0] = {}, level = 'info') {
    const registry = new Registry();
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level, base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
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

  it('counts streams, logs, bytes and refusals of the log service, and starts their series at 0', async () => {
    const { registry, metrics, url, store, router } = await watched({ limits: { rules: [{ name: 'user', max: 1 }] } });
    const zero = await scrape(registry);
    for (const series of [
      `active_sse_connections{route="${route}"}`,
      `sse_connection_errors_total{code="ERR_LOG_STREAM_LIMIT_KEY",route="${route}"}`,
      `sse_refused_total{reason="limit",route="${route}",rule="user"}`,
      `sse_refused_total{reason="limit",route="${route}",rule="total"}`,
      `sse_refused_total{reason="limit",route="${base}",rule="pages"}`,
      `sse_time_to_first_event_seconds_count{route="${route}"}`,
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
      [`sse_refused_total{reason="limit",route="${route}",rule="user"}`]: 1,
      [`sse_time_to_first_event_seconds_count{route="${route}"}`]: 1,
      [`sse_connection_errors_total{code="ERR_LOG_STREAM_LIMIT_KEY",route="${route}"}`]: 1,
    });
    expect(open.get(`sse_time_to_first_event_seconds_sum{route="${route}"}`)).to.be.above(0);
    expect(open.get('sse_oldest_connection_seconds')).to.be.above(0);
    expect(open.get(`sse_bytes_sent_total{route="${route}"}`)).to.equal(Buffer.byteLength(stream.text));
    expect(metrics.summary()).to.include({ active_sse_connections: 1, total_messages_sent: 2 });
    stream.leave();
    await eventually(() => router.stats().streams === 0);
    const closed = await scrape(registry);
    expect(closed.get(`sse_connection_duration_seconds_count{reason="browser-left",route="${route}"}`)).to.equal(1);
    expect(closed.get(`sse_messages_sent_total{route="${route}"}`)).to.equal(2);
  });

  it('writes access and audit lines for the log service', async () => {
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
    expect(open?.waitedMs).to.be.at.least(0);
    expect(audited?.what).to.deep.equal({ workspace: hashId('ws', secret), workflow: hashId('wf', secret) });
  });

  it('counts a refusal by the log service’s drain as no error in the summary, and logs it without a warning', async () => {
    const { metrics, lines, url, router, registry } = await watched();
    await router.close();
    expect((await fetch(`${url}${logsPath}/stream`)).status).to.equal(503);
    const series = `sse_refused_total{reason="draining",route="${route}",rule=""}`;
    await eventually(async () => (await scrape(registry)).get(series) === 1);
    expect(metrics.summary().error_rate).to.equal(0);
    expect(lines[0]).to.include({ level: 30, code: 'ERR_LOG_STREAM_CLOSING', msg: 'SSE connection refused' });
  });

  it('an observer whose hooks throw or reject, or whose logger rejects, affects neither a stream nor the process', async () => {
    const called = new Set<string>();
    const hooks = ['onAttach', 'onOpen', 'onFirstEvent', 'onEvent', 'onError', 'onRefuse', 'onGap', 'onClose'];
    const failing = (fail: (hook: string) => unknown) =>
      forLogService(Object.fromEntries(hooks.map((hook) => [hook, () => fail(called.add(hook) && hook)])));
    const throws = failing((hook) => {
      throw new Error(hook);
    });
    const rejects = failing((hook) => Promise.reject(new Error(hook)));
    const lost = () => Promise.reject(new Error('the line is lost'));
    const logger = { info: lost, warn: lost, debug: lost };
    const logs = [accessLog({ log: logger, messages: true }), auditLog({ log: logger, secret })].map(forLogService);
    // Mocha fails a test during which a rejection is not handled.
    const { url, store, router } = await service({ observers: [throws, rejects, ...logs], limits: { total: 1 } });
    const stream = await openStream(`${url}${logsPath}/stream`, { lastEventId: 'unknown' });
    await store.append([log('a message')]);
    await stream.until(() => stream.messages.length === 1);
    expect((await fetch(`${url}${logsPath}/stream`)).status).to.equal(503);
    stream.leave();
    await eventually(() => router.streams().length === 0 && called.size === hooks.length);
    await setImmediate();
  });

  it('logs a debug line for each log that is sent, with its level and a hash of its id', async () => {
    const { lines, url, store } = await watched({}, 'debug');
    const stream = await openStream(`${url}${logsPath}/stream`);
    await store.append([log('s3cret', { logLevel: 'ERROR' })]);
    await stream.untilMessage('s3cret');
    const [line, ...others] = lines.filter(({ msg }) => msg === 'SSE message sent');
    expect(others).to.deep.equal([]);
    const eventIdHash = hash('sha256', stream.lastId!, 'hex').slice(0, 16);
    expect(line).to.include({
      level: 20,
      workspace: 'ws',
      workflow: 'wf',
      user: 'ada',
      logLevel: 'ERROR',
      eventIdHash,
    });
    expect(JSON.stringify(lines)).to.not.include('s3cret').and.not.include(stream.lastId);
    stream.leave();
    const again = await openStream(`${url}${logsPath}/stream`, { lastEventId: stream.lastId });
    again.leave();
    await eventually(() => lines.some(({ lastEventIdHash }) => lastEventIdHash === eventIdHash));
  });

  it('shows streams of the log service on the admin page, without upstreams and feeds, and ends the view when it closes', async () => {
    const { url, store, router } = await service({ authorize: () => ({ key: 'ada' }) });
    const stream = await openStream(`${url}${logsPath}/stream`);
    await store.append([log('one')]);
    await stream.untilMessage('one');
    await eventually(() => router.streams()[0]?.atTip === true);
    const server = createServer(
      express().use('/admin', adminPage({ proxies: [], logServices: [router], refreshMs: 100 })),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin`;
      const page = await (await fetch(admin)).text();
      expect(page).to.include(`<td>ada</td><td>${route}</td><td>workspace: ws, workflow: wf</td>`);
      expect(page).to.include('<td>open</td><td>tail</td><td>–</td><td>1</td>');
      expect(page).to.include('<dt>Opened</dt><dd>1</dd>');
      expect(page).to.not.match(/Upstream connections|Outage|Shared feeds/);
      const live = await fetch(`${admin}/live`);
      await router.close();
      // Ends, although nobody leaves.
      expect(await live.text()).to.include('["Draining","yes"]');
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
