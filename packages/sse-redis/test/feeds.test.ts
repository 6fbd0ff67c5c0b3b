import { expect } from 'chai';
import { needs } from '../../../test/support/needs.ts';
import { proxyApp } from '../../sse-proxy/test/support/app.ts';
import { browse, type RawBrowser } from '../../sse-proxy/test/support/browser.ts';
import { type EventLog, eventLog } from '../../sse-proxy/test/support/event-log.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { cleaner, until } from '../../sse-proxy/test/support/until.ts';
import { redisFeeds } from '../src/index.ts';
import type { RedisAddress } from '../src/types.ts';
import { RedisServer } from './support/redis-server.ts';
import { SentinelSet } from './support/sentinels.ts';

const quick = { minDelayMs: 1, maxDelayMs: 50, maxOutageMs: 60_000 };

describe('feeds over Redis', () => {
  needs('redis');
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  async function fleet(size: number, redis: RedisAddress) {
    const log = add(await eventLog(), (it) => it.close());
    const opens: ((id?: string) => RawBrowser)[] = [];
    for (let i = 0; i < size; i++) {
      const relay = add(redisFeeds({ redis, onModeChange() {} }), (it) => it.close());
      const proxied = await app({
        target: log.url,
        name: 'logs',
        resume: quick,
        retryMs: false,
        openAfterMs: false,
        share: { lingerMs: 0, relay },
      });
      opens.push((id?: string) => visit(proxied.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id }));
    }
    const browsers = async () => {
      const all = [];
      for (const open of opens) all.push(await open().opened());
      return all;
    };
    return { log, browsers };
  }

  const startRedis = async () => add(await RedisServer.start(), (it) => it.close());

  /** Emits until one instance reads the upstream; then the browsers have all events, once and in order. */
  async function endWithOneReader(log: EventLog, browsers: readonly RawBrowser[]) {
    await log.emitUntilOneReads();
    for (const browser of browsers) await browser.sees(log.event(log.count));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, log.count));
  }

  it('a feed over Redis has one reader of the upstream for three instances', async () => {
    const { log, browsers } = await fleet(3, (await startRedis()).url);
    const all = await browsers();
    log.emit(3);
    for (const browser of all) await browser.sees(log.event(3));
    await endWithOneReader(log, all);
  });

  it('loses nothing while Redis is killed and comes back without its data, and has one reader again', async () => {
    const redis = await startRedis();
    const { log, browsers } = await fleet(3, redis.url);
    const all = await browsers();
    log.emit(2);
    for (const browser of all) await browser.sees(log.event(2));
    await redis.kill();
    log.emit(2);
    for (const browser of all) await browser.sees(log.event(4));
    await until(() => log.open === 3);
    await redis.restartEmpty();
    await endWithOneReader(log, all);
  });

  it('loses nothing when Redis is not there from the beginning', async () => {
    const redis = await startRedis();
    await redis.kill();
    const { log, browsers } = await fleet(3, redis.url);
    const all = await browsers();
    log.emit(2);
    for (const browser of all) await browser.sees(log.event(2));
    expect(log.open).to.equal(3);
    await redis.restartEmpty();
    await endWithOneReader(log, all);
  });
});

describe('feeds over Redis with Sentinel', () => {
  needs('sentinel');
  const { add, clean } = cleaner();
  afterEach(clean);

  it('loses nothing while Sentinel fails over to the replica, and has one reader again', async () => {
    const sentinels = add(await SentinelSet.start(), (it) => it.close());
    const log = add(await eventLog(), (it) => it.close());
    const browsers = [];
    for (let i = 0; i < 2; i++) {
      const relay = add(redisFeeds({ redis: sentinels.address, onModeChange() {} }), (it) => it.close());
      const options = {
        target: log.url,
        name: 'logs',
        resume: quick,
        retryMs: false,
        share: { lingerMs: 0, relay },
      } as const;
      const { port } = add(await proxyApp(options), (it) => it.close());
      browsers.push(await add(browse(port), (it) => it.leave()).opened());
    }
    const flow = setInterval(() => log.emit(1), 20);
    try {
      await until(() => log.count > 10 && log.open === 1);
      await sentinels.primary.kill();
      await sentinels.failedOver();
      await until(() => log.open === 2);
      await until(() => log.open === 1);
    } finally {
      clearInterval(flow);
    }
    log.emit(1);
    for (const browser of browsers) await browser.sees(log.event(log.count));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, log.count));
  });
});
