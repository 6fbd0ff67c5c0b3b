import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type LogStreamRouter, logStreamRouter, SqliteLogStore } from '@datashop/log-stream';
import { forLogService, logServiceMetrics, sseMetrics } from '@datashop/sse-metrics';
import { expect } from 'chai';
import express from 'express';
import { Registry } from 'prom-client';
import { parseMetrics } from '../../packages/sse-metrics/test/support/scrape.ts';
import { needs } from '../support/needs.ts';
import { expectFiring, intervalSeconds, type Scrape } from './support/rule-test.ts';

const path = '/wfm/workflow/workspace/ws/workflow/wf/logs/stream';
/** Longer than every alert needs. */
const minutes = 5;

describe('alerts on the metrics of the log service', () => {
  needs('prometheus');
  let store: SqliteLogStore;
  let router: LogStreamRouter;
  let server: Server;
  let registry: Registry;

  beforeEach(async () => {
    registry = new Registry();
    store = new SqliteLogStore({ path: ':memory:' });
    const limits = { rules: [{ name: 'everybody', key: () => 'all', opensPerHour: 1 }] };
    const observers = [forLogService(sseMetrics({ registry })), logServiceMetrics({ registry, store })];
    router = logStreamRouter({ store, token: false, limits, observers, onError: () => {} });
    server = createServer(express().use(router)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await router.close();
    server.close();
    server.closeAllConnections();
    await store.close();
  });

  const request = (to = path) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${to}`);
  /** Sends requests all the time, which are refused with this status. */
  async function refusals(status: number, to = path): Promise<Scrape[]> {
    const scrapes: Scrape[] = [parseMetrics(await registry.metrics())];
    for (let n = 0; n < (minutes * 60) / intervalSeconds; n++) {
      for (let times = 0; times < 2; times++) {
        const response = await request(to);
        await response.text();
        expect(response.status).to.equal(status);
      }
      scrapes.push(parseMetrics(await registry.metrics()));
    }
    return scrapes;
  }

  it('a reached limit fires SseLimitReached with the name of the rule, and no SseErrors', async () => {
    const first = await request();
    const scrapes = await refusals(429);
    await first.body?.cancel();
    const refused = `sse_refused_total{reason="limit",route="${path.replace('/ws/', '/:workspaceId/').replace('/wf/', '/:workflowId/')}",rule="everybody"}`;
    expect(scrapes.at(-1)?.get(refused)).to.equal(40);
    await expectFiring('limit', scrapes, ['SseLimitReached'], 'log-service');
  });

  it('a log store that fails fires SseLogStore', async () => {
    await store.close();
    const scrapes = await refusals(503, path.replace('/stream', ''));
    await expectFiring('store', scrapes, ['SseErrors', 'SseLogStore'], 'log-service');
  });

  it('a drain fires nothing', async () => {
    await router.close();
    await expectFiring('drain', await refusals(503), [], 'log-service');
  });

  it('proxies that reconnect to the log service all the time fire nothing; the same scrapes of a BFF fire SseReconnectStorm', async () => {
    const first = parseMetrics(await registry.metrics());
    const series = [...first.keys()].find((name) => name.startsWith('sse_reconnection_attempts_total{'))!;
    const scrapes = Array.from({ length: 20 }, (_, n) => new Map(first).set(series, n * 200));
    await expectFiring('restarts', scrapes, [], 'log-service');
    await expectFiring('storm', scrapes, ['SseReconnectStorm']);
  });
});
