import { expect } from 'chai';
import { needs } from '../../../test/support/needs.ts';
import { eventLog } from '../../sse-proxy/test/support/event-log.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { redisFeeds } from '../src/index.ts';
import type { RedisFeedsOptions } from '../src/types.ts';
import { RedisServer } from './support/redis-server.ts';

const quick = { minDelayMs: 1, maxDelayMs: 50, maxOutageMs: 60_000 };

describe('feeds over Redis', () => {
  needs('redis');
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  async function fleet(size: number, options: Partial<RedisFeedsOptions> = {}) {
    const log = add(await eventLog(), (it) => it.close());
    const redis = add(await RedisServer.start(), (it) => it.close());
    const instances = [];
    for (let i = 0; i < size; i++) {
      const relay = add(redisFeeds({ redis: redis.url, onModeChange() {}, ...options }), (it) => it.close());
      const proxied = await app({
        target: log.url,
        name: 'logs',
        resume: quick,
        retryMs: false,
        openAfterMs: false,
        share: { lingerMs: 0, relay },
      });
      const open = (id?: string) => visit(proxied.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id });
      instances.push({ relay, open, stats: () => proxied.proxy.stats() });
    }
    const opens = instances.map(({ open }) => open);
    const browsers = async () => {
      const all = [];
      for (const open of opens) all.push(await open().opened());
      return all;
    };
    return { log, redis, instances, browsers };
  }

  it('reads the upstream over one connection for three instances, and delivers every event to all', async () => {
    const { log, browsers } = await fleet(3);
    const all = await browsers();
    log.emit(3);
    for (const browser of all) await browser.sees(log.event(3));
    await until(() => log.open === 1);
    log.emit(3);
    for (const browser of all) await browser.sees(log.event(6));
    for (const browser of all) expect(browser.body()).to.equal(log.events(1, 6));
  });

  it('loses nothing while Redis is killed and comes back without its data, and has one reader again', async () => {
    const { log, redis, browsers } = await fleet(3);
    const all = await browsers();
    log.emit(2);
    for (const browser of all) await browser.sees(log.event(2));
    await redis.kill();
    log.emit(2);
    for (const browser of all) await browser.sees(log.event(4));
    await until(() => log.open === 3);
    await redis.restartEmpty();
    await until(() => {
      if (log.count < 1_000) log.emit(1);
      return log.open === 1;
    });
    log.emit(1);
    const last = log.count;
    for (const browser of all) await browser.sees(log.event(last));
    for (const browser of all) expect(browser.body()).to.equal(log.events(1, last));
  });

  it('loses nothing while Redis is stopped and goes on, and has one reader again', async () => {
    const { log, redis, browsers } = await fleet(3);
    const all = await browsers();
    log.emit(2);
    for (const browser of all) await browser.sees(log.event(2));
    redis.pause();
    log.emit(2);
    for (const browser of all) await browser.sees(log.event(4));
    redis.resume();
    await until(() => {
      if (log.count < 1_000) log.emit(1);
      return log.open === 1;
    });
    log.emit(1);
    const last = log.count;
    for (const browser of all) await browser.sees(log.event(last));
    for (const browser of all) expect(browser.body()).to.equal(log.events(1, last));
  });
});
