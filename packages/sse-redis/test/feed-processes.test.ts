import { expect } from 'chai';
import { Relay } from '../../../test/faults/support/relay.ts';
import { type Child, startChild } from '../../../test/scale/support/child.ts';
import { needs } from '../../../test/support/needs.ts';
import { browse, type RawBrowser } from '../../sse-proxy/test/support/browser.ts';
import { type EventLog, eventLog } from '../../sse-proxy/test/support/event-log.ts';
import { cleaner, until } from '../../sse-proxy/test/support/until.ts';
import type { FeedBffAnswers, FeedBffSetUp } from './support/feed-bff.ts';
import { RedisServer } from './support/redis-server.ts';

const script = new URL('./support/feed-bff.ts', import.meta.url).href;
const hourMs = 3_600_000;
type Bff = Child<FeedBffAnswers>;

describe('feeds of three processes', () => {
  needs('redis');
  const { add, clean } = cleaner();
  afterEach(clean);

  /** Three processes whose wall clocks differ by hours, one upstream, one Redis. */
  async function fleet(setUp: Partial<FeedBffSetUp> = {}, ...redisSettings: string[]) {
    const log = add(await eventLog(), (it) => it.close());
    const redis = add(await RedisServer.start(...redisSettings), (it) => it.close());
    const relays = [];
    const start = async (clockAheadMs: number) => {
      const relay = add(await Relay.start(redis.port), (it) => it.close());
      relays.push(relay);
      const given: FeedBffSetUp = {
        redis: `redis://127.0.0.1:${relay.port}`,
        target: log.url,
        leaseMs: 1_000,
        commandTimeoutMs: 250,
        clockAheadMs,
        ...setUp,
      };
      const bff = await startChild<FeedBffAnswers>(script, [JSON.stringify(given)]);
      return { relay, bff: add(bff, (it) => it.stop()) };
    };
    const instances = await Promise.all([0, hourMs, -hourMs].map(start));
    const bffs = instances.map(({ bff }) => bff);
    return { log, redis, instances, bffs };
  }

  const open = async (bff: Bff, id?: string) => {
    const browser = browse(bff.port, '/sse', id === undefined ? {} : { 'Last-Event-ID': id });
    return add(await browser.opened(), (it) => it.leave());
  };

  /** Two browsers for each process, which have the first events; one process reads the upstream. */
  async function settle(log: EventLog, bffs: readonly Bff[]) {
    const browsers: RawBrowser[] = [];
    for (const bff of bffs) browsers.push(await open(bff));
    for (const bff of bffs) browsers.push(await open(bff));
    log.emit(3);
    await allHave(browsers, log, 3);
    await until(() => log.open === 1);
    return browsers;
  }

  async function allHave(browsers: readonly RawBrowser[], log: EventLog, last: number) {
    for (const browser of browsers) await browser.sees(log.event(last));
    for (const browser of browsers) expect(browser.body().replaceAll(/^:\n/gm, '')).to.equal(log.events(1, last));
  }

  const reader = async (bffs: readonly Bff[]) => {
    const stats = await Promise.all(bffs.map((bff) => bff.ask('stats')));
    const index = stats.findIndex(({ led }) => led === 1);
    expect(index, 'a process that leads').to.be.at.least(0);
    return index;
  };

  /** Emits until only one process reads the upstream, and one event more. */
  async function emitUntilOneReads(log: EventLog): Promise<number> {
    let at = 0;
    await until(() => {
      if (performance.now() - at > 20) {
        at = performance.now();
        log.emit(1);
      }
      return log.open === 1;
    });
    log.emit(1);
    return log.count;
  }

  it('another process reads the upstream after the reader was killed, and no browser loses or repeats an event', async () => {
    const { log, bffs } = await fleet();
    const browsers = await settle(log, bffs);
    const killed = await reader(bffs);
    await bffs[killed]?.stop();
    log.emit(3);
    const rest = bffs.filter((_, index) => index !== killed);
    const kept = browsers.filter((_, index) => index % 3 !== killed);
    // A browser of the killed process comes back to another one.
    const back = await open(rest[0] as Bff, '2');
    await until(() => log.open === 1);
    log.emit(2);
    await allHave(kept, log, 8);
    await back.sees(log.event(8));
    expect(back.body()).to.equal(log.events(3, 8));
  });

  it('a reader that was stopped for longer than its lease appends nothing any more, and its browsers miss nothing', async () => {
    const { log, bffs } = await fleet();
    const browsers = await settle(log, bffs);
    const stopped = await reader(bffs);
    const { pid } = bffs[stopped] as Bff;
    process.kill(pid, 'SIGSTOP');
    try {
      log.emit(3);
      const others = browsers.filter((_, index) => index % 3 !== stopped);
      await allHave(others, log, 6);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await allHave(browsers, log, await emitUntilOneReads(log));
  });

  it('a process that is cut off from Redis reads the upstream itself, and follows again afterwards', async () => {
    const { log, bffs, instances } = await fleet();
    const browsers = await settle(log, bffs);
    for (const cut of [await reader(bffs), (await reader(bffs)) + 1].map((index) => index % 3)) {
      const { relay } = instances[cut] as (typeof instances)[0];
      relay.rules.stalled = true;
      log.emit(3);
      await allHave(browsers, log, log.count);
      await until(() => log.open === 2);
      relay.rules.stalled = false;
      await allHave(browsers, log, await emitUntilOneReads(log));
    }
  });

  it('loses nothing while Redis is full and refuses to store', async () => {
    const { log, bffs, redis } = await fleet({}, 'maxmemory-policy noeviction');
    const browsers = await settle(log, bffs);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    log.emit(3);
    await allHave(browsers, log, 6);
    await until(() => log.open === 3);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await allHave(browsers, log, await emitUntilOneReads(log));
  });

  it('asks the upstream for what a returning browser missed when the stream does not hold it any more', async () => {
    const { log, bffs } = await fleet({ replay: { maxBytes: 2_000 } });
    const browsers = await settle(log, bffs);
    for (let n = 0; n < 50; n++) {
      log.emit(4);
      await browsers[0]?.sees(log.event(log.count));
    }
    const requests = log.requests.length;
    const back = await open(bffs[1] as Bff, '2');
    await back.sees(log.event(203));
    log.emit(2);
    await back.sees(log.event(205));
    expect(back.body()).to.equal(log.events(3, 205));
    await until(() => log.open === 1);
    expect(log.requests.length - requests).to.equal(1);
    await allHave(browsers, log, 205);
  });
});
