import { expect } from 'chai';
import { Counter, Registry, register } from 'prom-client';
import type { SseProxyOptions } from '../../sse-proxy/src/types.ts';
import { flood, reader } from '../../sse-proxy/test/support/flood.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { sseMetrics } from '../src/index.ts';
import { counted, scrape } from './support/scrape.ts';

const quick = { minDelayMs: 5, maxDelayMs: 20 };
const event = (n: number) => `id: ${n}\ndata: event ${n}\n\n`;

describe('sseMetrics', () => {
  const { add, clean, upstream, app, visit, opened } = stage();
  afterEach(clean);

  async function metered(options: Partial<SseProxyOptions> = {}) {
    const registry = new Registry();
    const metrics = sseMetrics({ registry });
    return { registry, metrics, ...(await opened({ observers: [metrics], ...options })) };
  }

  it('counts streams, events and bytes while the streams are open, and keeps them after their end', async () => {
    const { registry, browser, request } = await metered();
    request.send(event(1) + event(2));
    await browser.sees('event 2\n\n');
    const bytes = Buffer.byteLength(event(1) + event(2));
    const open = await scrape(registry);
    expect(open.get('active_sse_connections{route="/sse"}')).to.equal(1);
    expect(open.get('sse_messages_sent_total{route="/sse"}')).to.equal(2);
    expect(open.get('sse_bytes_sent_total{route="/sse"}')).to.equal(bytes);
    expect(open.get('sse_upstream_connections')).to.equal(1);
    expect(open.get('sse_oldest_connection_seconds')).to.be.above(0);
    expect(open.get('sse_time_to_first_event_seconds_count{route="/sse"}')).to.equal(1);
    request.end();
    await until(() => browser.complete());
    const ended = await scrape(registry);
    expect(counted(ended)).to.deep.equal({
      'sse_messages_sent_total{route="/sse"}': 2,
      'sse_time_to_first_event_seconds_count{route="/sse"}': 1,
      'sse_connection_duration_seconds_count{reason="upstream-ended",route="/sse"}': 1,
    });
    expect(ended.get('sse_bytes_sent_total{route="/sse"}')).to.equal(bytes);
    expect(ended.get('sse_oldest_connection_seconds')).to.equal(0);
  });

  it('starts each enumerated series at 0 as soon as the middleware is made', async () => {
    const registry = new Registry();
    const metrics = sseMetrics({ registry });
    const limits = { rules: [{ name: 'user', key: () => 'a', max: 1 }] };
    await app({ target: 'http://127.0.0.1:1/', name: 'logs', observers: [metrics], limits });
    const series = await scrape(registry);
    for (const name of [
      'active_sse_connections{route="logs"}',
      'sse_messages_sent_total{route="logs"}',
      'sse_bytes_sent_total{route="logs"}',
      'sse_connection_errors_total{code="ERR_SSE_UPSTREAM_CONNECT",route="logs"}',
      'sse_connection_duration_seconds_count{reason="evicted",route="logs"}',
      'sse_connection_duration_seconds_bucket{le="14400",reason="draining",route="logs"}',
      'sse_reconnection_attempts_total{route="logs"}',
      'sse_upstream_reconnects_total{route="logs"}',
      'sse_refused_total{reason="draining",route="logs",rule=""}',
      'sse_refused_total{reason="limit",route="logs",rule="total"}',
      'sse_refused_total{reason="limit",route="logs",rule="upstreams"}',
      'sse_refused_total{reason="limit",route="logs",rule="user"}',
      'sse_gaps_total{reason="event-too-large",route="logs"}',
      'sse_evicted_total{bound="maxTotalBytes",route="logs"}',
      'sse_time_to_first_event_seconds_count{route="logs"}',
      'sse_upstream_connections',
      'sse_upstream_outage_seconds',
      'sse_buffered_bytes',
      'sse_shared_feeds',
      'sse_replay_bytes',
      'sse_oldest_connection_seconds',
    ])
      expect(series.get(name), name).to.equal(0);
    expect(series.get('sse_event_loop_delay_seconds')).to.be.at.least(0);
    expect([...series.values()].filter((value) => Number.isNaN(value))).to.deep.equal([]);
  });

  it('counts a refusal by reason and rule, its error by code, and a browser that came back', async () => {
    const limits = { total: 5, rules: [{ name: 'user', key: () => 'a', max: 1 }] };
    const { registry, app: proxied } = await metered({ limits });
    const refused = visit(proxied.port, '/sse', { 'Last-Event-ID': '7' });
    await until(() => refused.complete());
    expect(counted(await scrape(registry))).to.deep.equal({
      'active_sse_connections{route="/sse"}': 1,
      sse_upstream_connections: 1,
      'sse_refused_total{reason="limit",route="/sse",rule="user"}': 1,
      'sse_connection_errors_total{code="ERR_SSE_LIMIT_KEY",route="/sse"}': 1,
      'sse_reconnection_attempts_total{route="/sse"}': 1,
    });
  });

  it('shows an outage of the upstream while it lasts, then counts the reconnect and the gap', async () => {
    const { registry, browser, request, upstream: up } = await metered({ resume: quick, share: true });
    request.send('data: without id\n\n');
    await browser.sees('without id\n\n');
    expect((await scrape(registry)).get('sse_shared_feeds')).to.equal(1);
    expect((await scrape(registry)).get('sse_replay_bytes')).to.equal('data: without id\n\n'.length);
    request.reset();
    const again = await up.request(1);
    expect((await scrape(registry)).get('sse_upstream_outage_seconds')).to.be.above(0);
    again.begin();
    await browser.sees('no-ids');
    const series = await scrape(registry);
    expect(series.get('sse_upstream_outage_seconds')).to.equal(0);
    expect(series.get('sse_upstream_reconnects_total{route="/sse"}')).to.equal(1);
    expect(series.get('sse_gaps_total{reason="no-ids",route="/sse"}')).to.equal(1);
  });

  it('counts an evicted browser by the bound that it exceeded', async () => {
    const registry = new Registry();
    const up = await upstream((request) => request.begin());
    const slowClient = { maxStallMs: 50 };
    const { port, proxy } = await app({ target: up.url, observers: [sseMetrics({ registry })], slowClient });
    add(reader(port), (it) => it.leave());
    void flood(await up.request(), 4_000, 16_384);
    await until(() => proxy.stats().evicted === 1 && proxy.stats().open === 0);
    const series = await scrape(registry);
    expect(series.get('sse_evicted_total{bound="maxStallMs",route="/sse"}')).to.equal(1);
    expect(series.get('sse_connection_duration_seconds_count{reason="evicted",route="/sse"}')).to.equal(1);
  });

  it('uses the given registry and prefix only, and refuses a second use of the same names', async () => {
    const registry = new Registry();
    sseMetrics({ registry, prefix: 'bff_' });
    expect(registry.getMetricsAsArray().every(({ name }) => name.startsWith('bff_'))).to.equal(true);
    expect(register.getMetricsAsArray()).to.deep.equal([]);
    sseMetrics({ registry });
    expect(() => sseMetrics({ registry })).to.throw(/sseMetrics option registry: .*sse_connection_duration_seconds/);
    expect(await registry.metrics()).to.include('# TYPE sse_gaps_total counter');
  });

  it('labels routes by their template, never by a value of a parameter', async () => {
    const registry = new Registry();
    const metrics = sseMetrics({ registry });
    const up = await upstream((request) => request.begin());
    const proxied = await app({ target: up.url, observers: [metrics] }, { path: '/sse/:workflow/stream' });
    await visit(proxied.port, '/sse/s3cret/stream').opened();
    const text = await registry.metrics();
    expect(text).to.include('active_sse_connections{route="/sse/:workflow/stream"} 1');
    expect(text).to.not.include('s3cret');
  });

  it('keeps at most 100 routes, and puts later ones under "other"', async () => {
    const registry = new Registry();
    const metrics = sseMetrics({ registry });
    for (let n = 0; n < 300; n++) metrics.onGap?.({ route: `/${n}`, stream: undefined, reason: 'no-ids', browsers: 1 });
    const gaps = [...(await scrape(registry))].filter(
      ([name, value]) => name.startsWith('sse_gaps_total') && value > 0,
    );
    expect(gaps).to.have.length(101);
    expect(gaps.at(-1)).to.deep.equal(['sse_gaps_total{reason="no-ids",route="other"}', 200]);
  });

  it('keeps a bounded number of rules, whatever a limiter of the application returns', async () => {
    const registry = new Registry();
    let n = 0;
    const acquire = () => ({ ok: false as const, rule: `user-${n++}`, kind: 'max' as const });
    const { port } = await app({
      target: 'http://127.0.0.1:1/',
      observers: [sseMetrics({ registry })],
      limits: { acquire },
    });
    for (let count = 0; count < 103; count++) await (await fetch(`http://127.0.0.1:${port}/sse`)).text();
    const series = await scrape(registry);
    const rules = [...series.keys()].filter((name) => name.startsWith('sse_refused_total{reason="limit",route="/sse"'));
    expect(rules).to.have.length(101);
    expect(series.get('sse_refused_total{reason="limit",route="/sse",rule="other"}')).to.equal(3);
  });

  it('sums up several middlewares of one observer', async () => {
    const registry = new Registry();
    const metrics = sseMetrics({ registry });
    const up = await upstream((request) => request.begin());
    for (const name of ['one', 'two']) {
      const { port } = await app({ target: up.url, name, observers: [metrics] });
      await visit(port).opened();
    }
    const series = await scrape(registry);
    expect(series.get('active_sse_connections{route="one"}')).to.equal(1);
    expect(series.get('active_sse_connections{route="two"}')).to.equal(1);
    expect(series.get('sse_upstream_connections')).to.equal(2);
    expect(metrics.summary().active_sse_connections).to.equal(2);
  });

  it('summarizes connections, messages, durations and errors as JSON', async () => {
    const { metrics, browser, request, app: proxied } = await metered();
    request.send(event(1));
    await browser.sees('event 1\n\n');
    const { average_connection_duration, ...before } = metrics.summary();
    expect(before).to.deep.equal({ active_sse_connections: 1, total_messages_sent: 1, error_rate: 0 });
    expect(average_connection_duration).to.equal(0);
    request.reset();
    await until(() => browser.closed() && proxied.proxy.stats().open === 0);
    const { average_connection_duration: duration, ...after } = metrics.summary();
    expect(after).to.deep.equal({ active_sse_connections: 0, total_messages_sent: 1, error_rate: 1 / 120 });
    expect(duration).to.be.within(0, 60);
    expect(JSON.parse(JSON.stringify(metrics.summary()))).to.deep.equal(metrics.summary());
  });

  it('leaves other metrics of the registry alone', async () => {
    const registry = new Registry();
    new Counter({ name: 'mine_total', help: 'Mine.', registers: [registry] }).inc(3);
    sseMetrics({ registry });
    expect((await scrape(registry)).get('mine_total')).to.equal(3);
  });
});
