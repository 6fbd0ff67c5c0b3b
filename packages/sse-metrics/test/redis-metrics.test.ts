import { expect } from 'chai';
import { Registry } from 'prom-client';
import { needs } from '../../../test/support/needs.ts';
import { eventLog } from '../../sse-proxy/test/support/event-log.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { type RedisObserver, redisFeeds, redisLimiter } from '../../sse-redis/src/index.ts';
import { RedisServer } from '../../sse-redis/test/support/redis-server.ts';
import { adminPage, redisMetrics, sseMetrics } from '../src/index.ts';
import { scrape } from './support/scrape.ts';

const quick = { minDelayMs: 1, maxDelayMs: 50, maxOutageMs: 60_000 };

describe('redisMetrics', () => {
  needs('redis');
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  const startRedis = async () => add(await RedisServer.start(), (it) => it.close());

  /** An instance with feeds and limits over Redis, and a browser. */
  async function instance(redis: string, target: string) {
    const registry = new Registry();
    const metrics = redisMetrics({ registry });
    const shared = { redis, onModeChange() {}, observers: [metrics satisfies RedisObserver] };
    const relay = add(redisFeeds(shared), (it) => it.close());
    const limits = add(redisLimiter(shared), (it) => it.close());
    const observers = [sseMetrics({ registry })];
    const share = { lingerMs: 0, relay };
    const { port, proxy } = await app({
      target,
      name: 'logs',
      resume: quick,
      openAfterMs: false,
      limits,
      share,
      observers,
    });
    const browser = await visit(port, '/sse').opened();
    return { registry, metrics, proxy, relay, limits, browser };
  }

  const shows = (registry: Registry, series: Record<string, number>) =>
    until(async () => {
      const shown = await scrape(registry);
      return Object.entries(series).every(([name, value]) => shown.get(name) === value);
    });

  it('starts each series at 0 before Redis has answered', async () => {
    const registry = new Registry();
    const observers = [redisMetrics({ registry })];
    add(redisFeeds({ redis: 'redis://127.0.0.1:1', onModeChange() {}, observers }), (it) => it.close());
    const series = await scrape(registry);
    expect(series.get('sse_redis_mode{mode="starting",part="feeds"}')).to.equal(1);
    for (const name of [
      'sse_redis_mode{mode="local",part="feeds"}',
      'sse_redis_errors_total{code="ERR_SSE_REDIS_TIMEOUT",part="feeds"}',
      'sse_redis_leases_lost_total{part="feeds"}',
      'sse_redis_command_seconds_count{part="feeds"}',
    ])
      expect(series.get(name), name).to.equal(0);
    expect(series.has('sse_redis_mode{mode="local",part="limits"}')).to.equal(false);
  });

  it('shows which instance leads, that all read alone while Redis is away, and who leads after its return', async () => {
    const redis = await startRedis();
    const log = add(await eventLog(), (it) => it.close());
    const one = await instance(redis.url, log.url);
    await shows(one.registry, {
      'sse_relayed_feeds{role="leader"}': 1,
      'sse_redis_mode{mode="shared",part="feeds"}': 1,
      'sse_redis_mode{mode="shared",part="limits"}': 1,
      'sse_redis_mode{mode="local",part="feeds"}': 0,
    });
    const two = await instance(redis.url, log.url);
    await shows(two.registry, { 'sse_relayed_feeds{role="leader"}': 0, 'sse_relayed_feeds{role="follower"}': 1 });
    const series = await scrape(one.registry);
    expect(series.get('sse_redis_command_seconds_count{part="feeds"}')).to.be.above(0);
    expect(series.get('sse_redis_command_seconds_count{part="limits"}')).to.be.above(0);

    await redis.kill();
    for (const { registry, metrics } of [one, two]) {
      await shows(registry, {
        'sse_relayed_feeds{role="alone"}': 1,
        'sse_redis_mode{mode="local",part="feeds"}': 1,
        'sse_redis_mode{mode="local",part="limits"}': 1,
      });
      expect(metrics.summary().redis_mode).to.deep.equal({ feeds: 'local', limits: 'local' });
      expect(metrics.summary().redis_error_rate).to.be.above(0);
      expect(metrics.summary().average_redis_command_duration).to.be.above(0);
    }
    const failed = await scrape(one.registry);
    const errors = [...failed].filter(([name, value]) => name.startsWith('sse_redis_errors_total{') && value > 0);
    expect(new Set(errors.map(([name]) => /part="(\w+)"/.exec(name)?.[1]))).to.deep.equal(new Set(['feeds', 'limits']));

    await until(() => log.open === 2);
    await redis.restartEmpty();
    await log.emitUntilOneReads();
    await until(async () => {
      const roles = await Promise.all([one, two].map(({ registry }) => scrape(registry)));
      const sum = (role: string) =>
        roles.reduce((total, it) => total + (it.get(`sse_relayed_feeds{role="${role}"}`) ?? 0), 0);
      return sum('leader') === 1 && sum('follower') === 1;
    });
  });

  it('counts leases that Redis has lost', async () => {
    const redis = await startRedis();
    const log = add(await eventLog(), (it) => it.close());
    const { registry, metrics } = await instance(redis.url, log.url);
    await shows(registry, { 'sse_relayed_feeds{role="leader"}': 1 });
    await redis.command('FLUSHALL');
    await shows(registry, {
      'sse_redis_leases_lost_total{part="feeds"}': 1,
      'sse_redis_leases_lost_total{part="limits"}': 1,
    });
    expect(metrics.summary().redis_leases_lost).to.equal(2);
  });

  it('adminPage shows the mode of feeds and limits, and who reads the upstream of a feed', async () => {
    const redis = await startRedis();
    const log = add(await eventLog(), (it) => it.close());
    const { registry, proxy, relay, limits } = await instance(redis.url, log.url);
    await shows(registry, { 'sse_relayed_feeds{role="leader"}': 1 });
    const page = adminPage({ proxies: [proxy], redis: [relay, limits] });
    let html = '';
    const res = { setHeader() {}, writeHead() {}, end: (body: string) => (html = body) };
    page({ method: 'GET', url: '/' } as never, res as never);
    expect(html).to.include('<dt>Feeds over Redis</dt><dd>shared, reads 1</dd>');
    expect(html).to.include('<dt>Limits over Redis</dt><dd>shared</dd>');
    expect(html).to.include('<td>for all</td>');
  });
});
