import { expect } from 'chai';
import { needs } from '../../../test/support/needs.ts';
import { eventLog } from '../../sse-proxy/test/support/event-log.ts';
import { stage } from '../../sse-proxy/test/support/stage.ts';
import { until } from '../../sse-proxy/test/support/until.ts';
import { type RedisFeeds, redisFeeds } from '../src/index.ts';
import { RedisServer } from './support/redis-server.ts';

const quick = { minDelayMs: 1, maxDelayMs: 50, maxOutageMs: 60_000 };

/** What an instance of another version may leave in Redis: its lease after an entry with this id, and its entries. */
interface Foreign {
  readonly what: string;
  lease(newest: string): string;
  entry(data: string): readonly string[];
}

const leader = 'f0e1 9000000000000';
const versions: readonly Foreign[] = [
  {
    what: 'entries with other fields',
    lease: (newest) => `${leader} ${newest}`,
    entry: (data) => ['v', '2', 'events', data],
  },
  {
    what: 'entries with one field more',
    lease: (newest) => `${leader} ${newest}`,
    entry: (data) => ['m', '', 'd', data, 'signature', 'abc'],
  },
  { what: 'entries of other sizes', lease: (newest) => `${leader} ${newest}`, entry: (data) => ['m', '', 'd', data] },
  { what: 'a lease of another form', lease: () => '{"version":2}', entry: (data) => ['m', '', 'd', data] },
  { what: 'other entries and another lease', lease: () => 'v2', entry: (data) => ['2', data] },
];

describe('feeds that another version of sse-redis uses in the same Redis', () => {
  needs('redis');
  const { add, app, visit, clean } = stage();
  afterEach(clean);

  for (const { what, lease: leaseAfter, entry } of versions)
    it(`instances lose and repeat nothing beside a version with ${what}, and one reads for all once that version is gone`, async () => {
      const redis = add(await RedisServer.start(), (it) => it.close());
      const log = add(await eventLog(), (it) => it.close());
      const relays: RedisFeeds[] = [];
      const open = async () => {
        const relay = add(redisFeeds({ redis: redis.url, onModeChange() {} }), (it) => it.close());
        relays.push(relay);
        const share = { lingerMs: 0, relay };
        const { port } = await app({ target: log.url, resume: quick, retryMs: false, openAfterMs: false, share });
        return visit(port, '/sse').opened();
      };
      const browsers = [await open(), await open()];
      await log.emitUntilOneReads();
      for (const browser of browsers) await browser.sees(log.event(log.count));
      await until(() => relays.some((relay) => relay.stats().led === 1));
      const [lease = ''] = ((await redis.command('KEYS', 'sse:feed:*:lease')) as string[]) ?? [];
      const stream = lease.replace(/:lease$/, '');

      // Another instance takes the lead and appends what it reads.
      let offset = 1_000_000;
      const append = async () => {
        offset += 7;
        await redis.command('XADD', stream, `9000000000000-${offset}`, ...entry(log.event(log.count + 1)));
        await redis.command('SET', lease, leaseAfter(`9000000000000-${offset}`), 'PX', '60000');
        log.emit(1);
      };
      const readable = log.count;
      for (let i = 0; i < 2; i++) await append();
      for (const browser of browsers) await browser.sees(log.event(log.count));
      const late = await open();
      const next = log.count + 1;
      for (let i = 0; i < 2; i++) await append();
      for (const browser of [...browsers, late]) await browser.sees(log.event(log.count));
      await until(() => relays.every((relay) => relay.stats().led === 0));

      await redis.command('DEL', lease);
      await log.emitUntilOneReads();
      for (const browser of [...browsers, late]) await browser.sees(log.event(log.count));
      for (const browser of browsers) expect(browser.body()).to.equal(log.events(1, log.count));
      // One that came meanwhile may begin with the newest event that this version can read.
      const [, first] = /^id: (\d+)$/m.exec(late.body()) ?? [];
      expect(Number(first)).to.be.within(readable + 1, next);
      expect(late.body()).to.equal(log.events(Number(first), log.count));
    });
});
