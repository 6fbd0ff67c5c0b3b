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

interface Instance {
  readonly bff: Bff;
  /** Between the process and Redis. */
  readonly relay: Relay;
}

describe('feeds of three processes', () => {
  needs('redis');
  const ofAll = cleaner();
  const { add, clean } = cleaner();
  let log: EventLog;
  let redis: RedisServer;
  let instances: Instance[];
  let bffs: Bff[];
  /** Another feed in each test. */
  let feed = 0;

  // Three processes whose wall clocks differ by hours, one Redis.
  before(async () => {
    redis = ofAll.add(await RedisServer.start('maxmemory-policy noeviction'), (it) => it.close());
    log = ofAll.add(await eventLog(), (it) => it.close());
    const start = async (clockAheadMs: number) => {
      const relay = ofAll.add(await Relay.start(redis.port), (it) => it.close());
      const address = `redis://127.0.0.1:${relay.port}`;
      const setUp: FeedBffSetUp = {
        redis: address,
        target: log.url,
        leaseMs: 1_000,
        commandTimeoutMs: 250,
        clockAheadMs,
      };
      const bff = await startChild<FeedBffAnswers>(script, [JSON.stringify(setUp)]);
      return { relay, bff: ofAll.add(bff, (it) => it.stop()) };
    };
    instances = await Promise.all([0, hourMs, -hourMs].map(start));
    bffs = instances.map(({ bff }) => bff);
  });
  after(() => ofAll.clean());
  beforeEach(() => {
    feed++;
  });
  afterEach(async () => {
    await clean();
    await until(() => log.open === 0);
  });

  const open = async (bff: Bff, id?: string, path = 'sse') => {
    const browser = browse(bff.port, `/${path}/${feed}`, id === undefined ? {} : { 'Last-Event-ID': id });
    return add(await browser.opened(), (it) => it.leave());
  };

  /** Two browsers for each process, which have the first events; one process reads the upstream. */
  async function settle(path = 'sse') {
    const browsers: RawBrowser[] = [];
    const first = log.count + 1;
    for (const bff of [...bffs, ...bffs]) browsers.push(await open(bff, undefined, path));
    log.emit(3);
    await allHave(browsers, first);
    await until(() => log.open === 1);
    return { browsers, first };
  }

  /** The browsers have every event from `first` on, once and in order. */
  async function allHave(browsers: readonly RawBrowser[], first: number) {
    const last = log.count;
    for (const browser of browsers) await browser.sees(log.event(last));
    for (const browser of browsers) expect(browser.body()).to.equal(log.events(first, last));
  }

  /** Index of the process that reads the upstream. */
  const reader = async () => {
    const stats = await Promise.all(bffs.map((bff) => bff.ask('stats')));
    const index = stats.findIndex(({ led }) => led === 1);
    expect(index, 'a process that leads').to.be.at.least(0);
    return index;
  };

  it('a reader that was stopped for longer than its lease appends nothing any more, and its browsers miss nothing', async () => {
    const { browsers, first } = await settle();
    const stopped = await reader();
    const { pid } = bffs[stopped] as Bff;
    process.kill(pid, 'SIGSTOP');
    try {
      log.emit(3);
      await allHave(
        browsers.filter((_, index) => index % 3 !== stopped),
        first,
      );
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await log.emitUntilOneReads();
    await allHave(browsers, first);
  });

  for (const [what, offset] of [
    ['reads for all', 0],
    ['follows', 1],
  ] as const) {
    it(`a process that ${what} and is cut off from Redis reads the upstream itself, and follows again afterwards`, async () => {
      const { browsers, first } = await settle();
      const { relay } = instances[((await reader()) + offset) % 3] as Instance;
      relay.rules.stalled = true;
      log.emit(3);
      await allHave(browsers, first);
      await until(() => log.open === 2);
      relay.rules.stalled = false;
      await log.emitUntilOneReads();
      await allHave(browsers, first);
    });
  }

  it('browsers of three processes lose no event while Redis is full and refuses to store', async () => {
    const { browsers, first } = await settle();
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    log.emit(3);
    await allHave(browsers, first);
    await until(() => log.open === 3);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await log.emitUntilOneReads();
    await allHave(browsers, first);
  });

  it('requests from the upstream what a returning browser missed if the Redis stream no longer holds it', async () => {
    const { browsers, first } = await settle('small');
    for (let n = 0; n < 50; n++) {
      log.emit(4);
      await browsers[0]?.sees(log.event(log.count));
    }
    const requests = log.requests.length;
    const back = await open(bffs[1] as Bff, String(first), 'small');
    await back.sees(log.event(log.count));
    log.emit(2);
    await allHave([back], first + 1);
    await allHave(browsers, first);
    await until(() => log.open === 1);
    expect(log.requests.length - requests).to.equal(1);
  });

  it('another process reads the upstream after the reader was killed, and no browser loses or repeats an event', async () => {
    const { browsers, first } = await settle();
    const killed = await reader();
    await bffs[killed]?.stop();
    log.emit(3);
    const rest = bffs.filter((_, index) => index !== killed);
    // A browser of the killed process comes back to another one.
    const back = await open(rest[0] as Bff, String(first));
    await until(() => log.open === 1);
    log.emit(2);
    await allHave([back], first + 1);
    await allHave(
      browsers.filter((_, index) => index % 3 !== killed),
      first,
    );
  });
});
