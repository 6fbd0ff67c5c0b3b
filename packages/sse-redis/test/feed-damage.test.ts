import { expect } from 'chai';
import { needs } from '../../../test/support/needs.ts';
import { eventLog } from '../../sse-proxy/test/support/event-log.ts';
import { idleListener } from '../../sse-proxy/test/support/memory-relay.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { type RedisFeeds, redisFeeds } from '../src/index.ts';
import { RedisServer } from './support/redis-server.ts';

const quick = { minDelayMs: 1, maxDelayMs: 50, maxOutageMs: 60_000 };

describe('feeds whose data in Redis is lost or damaged', () => {
  needs('redis');
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  /** Instances with a browser each, which have the first two events. The first instance reads the upstream. */
  async function settled({ replay = {}, size = 2, afterEnd = 'resume' as 'resume' | 'end' } = {}) {
    const redis = add(await RedisServer.start(), (it) => it.close());
    const log = add(await eventLog(), (it) => it.close());
    const relays: RedisFeeds[] = [];
    const browsers = [];
    for (let i = 0; i < size; i++) {
      const relay = add(redisFeeds({ redis: redis.url, onModeChange() {} }), (it) => it.close());
      const share = { lingerMs: 0, relay, replay };
      const resume = { ...quick, afterEnd };
      const { port } = await app({ target: log.url, name: 'logs', resume, retryMs: false, openAfterMs: false, share });
      relays.push(relay);
      browsers.push(await visit(port, '/sse').opened());
    }
    log.emit(2);
    for (const browser of browsers) await browser.sees(log.event(2));
    await until(() => log.open === 1 && relays[0]?.stats().led === 1 && relays[1]?.stats().led !== 1);
    const keys = (await redis.command('KEYS', 'sse:feed:*')) as string[];
    const lease = keys.find((key) => key.endsWith(':lease')) as string;
    return { log, redis, relays, browsers, lease, stream: lease.replace(/:lease$/, '') };
  }

  it('a follower reads the upstream when the reader has died and Redis has lost its data', async () => {
    const { log, redis, relays, browsers } = await settled();
    await Promise.all([redis.command('FLUSHALL'), relays[0]?.close()]);
    log.emit(2);
    await browsers[1]?.sees(log.event(4));
    expect(browsers[1]?.body()).to.equal(log.events(1, 4));
    await until(() => relays[1]?.stats().led === 1);
  });

  it('a follower reads the upstream when the reader died just before the clock of Redis was set back by an hour', async () => {
    const { log, redis, relays, browsers, lease } = await settled();
    await relays[0]?.close();
    await redis.command('PEXPIRE', lease, '3600000');
    log.emit(2);
    await browsers[1]?.sees(log.event(4));
    expect(browsers[1]?.body()).to.equal(log.events(1, 4));
    await until(() => relays[1]?.stats().led === 1);
  });

  it('loses nothing when Redis has lost its data, and its clock is behind the ids of before', async () => {
    const { log, redis, browsers, lease, stream } = await settled();
    const script = `redis.call('DEL', KEYS[1]) redis.call('XADD', KEYS[1], '5-40', 'd', '12345678')
      redis.call('SET', KEYS[2], '60000.f0e1 5 5-40', 'PX', 60000)`;
    await redis.command('EVAL', script, '2', stream, lease);
    log.emit(2);
    for (const browser of browsers) await browser.sees(log.event(4));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, 4));
  });

  it('delivers the last events and the end of an upstream that ends after the lease of its reader', async () => {
    const { log, redis, browsers, lease } = await settled({ size: 1, afterEnd: 'end' });
    await redis.command('DEL', lease);
    log.emit(1);
    log.end();
    await browsers[0]?.sees('upstream-ended');
    expect(browsers[0]?.body()).to.include(log.events(1, 3));
  });

  for (const maxAgeMs of [50, 60_000.5])
    it(`a stream without events outlives the lease of its reader: replay.maxAgeMs ${maxAgeMs}`, async () => {
      const { redis, lease, stream } = await settled({ replay: { maxAgeMs } });
      const left = async (key: string) => Number(await redis.command('PTTL', key));
      let renewals = 0;
      let last = await left(lease);
      while (renewals < 2) {
        const now = await left(lease);
        if (now > last) renewals++;
        last = now;
      }
      expect(await left(stream)).to.be.above(3_000);
    });

  for (const meta of ['{', 'null', '[1]', '{"gap":{}}', '{"state":{"state":"lost","since":"x"}}', '{"start":{}}'])
    it(`goes on after an entry that can not be read: ${meta}`, async () => {
      const { log, redis, browsers, lease, stream } = await settled();
      const newest = String(await redis.command('GET', lease)).split(' ')[2] as string;
      const [generation, offset] = newest.split('-');
      const id = `${generation}-${Number(offset) + meta.length + 32}`;
      await redis.command('XADD', stream, id, 'm', meta, 'd', '');
      log.emit(2);
      for (const browser of browsers) await browser.sees(log.event(4));
      for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, 4));
    });

  it('retries more and more rarely while Redis accepts connections and refuses commands', async () => {
    const redis = add(await RedisServer.start(), (it) => it.close());
    await redis.command('ACL', 'SETUSER', 'default', '-xread');
    const times: number[] = [];
    const onModeChange = ({ mode }: { mode: string }) => {
      if (mode === 'shared') times.push(performance.now());
    };
    const relay = add(redisFeeds({ redis: redis.url, onModeChange }), (it) => it.close());
    const listener = {
      ...idleListener,
      onAvailable(isAvailable: boolean): void {
        if (isAvailable) log.follow('0-0');
      },
    };
    const log = relay.open('feed', { maxBytes: 1_000, maxAgeMs: 1_000 }, listener);
    await until(() => times.length === 7);
    expect((times.at(-1) as number) - (times.at(-2) as number)).to.be.above(400);
  });
});
