import { expect } from 'chai';
import { needs } from '../../../test/support/needs.ts';
import { ask, limiterContract } from '../../sse-proxy/test/support/limiter-contract.ts';
import { cleaner, until } from '../../sse-proxy/test/support/until.ts';
import { type RedisLimiterOptions, redisLimiter } from '../src/index.ts';
import { RedisServer } from './support/redis-server.ts';

/** Moves all recorded opens into the past, as if that much time had passed on the clock of Redis. */
const shiftOpens = `
for _, key in ipairs(redis.call('KEYS', '*opens:*')) do
  for index, group in ipairs(redis.call('LRANGE', key, 0, -1)) do
    local leavesAt, count = string.match(group, '^(%d+) (%d+)$')
    redis.call('LSET', key, index - 1, string.format('%.0f %s', leavesAt - ARGV[1], count))
  end
end`;

describe('limits in Redis', () => {
  needs('redis');
  let server: RedisServer;
  let names = 0;
  let passedMs = 0;
  const { now } = performance;
  const { add, clean } = cleaner();

  before(async () => {
    server = await RedisServer.start();
    performance.now = () => now.call(performance) + passedMs;
  });
  after(async () => {
    performance.now = now;
    await server?.close();
  });
  afterEach(clean);

  /** Resolves with a limiter that uses Redis. */
  async function create(options: Partial<RedisLimiterOptions>) {
    const name = `test-${names++}`;
    const limiter = redisLimiter({ redis: server.url, name, commandTimeoutMs: 2_000, ...options });
    add(limiter, (it) => it.close());
    await until(() => limiter.stats().mode === 'shared');
    return limiter;
  }

  limiterContract('redisLimiter', {
    create: (limits) => create({ limits }),
    async pass(ms) {
      passedMs += ms;
      await server.command('EVAL', shiftOpens, '0', String(ms));
    },
    slackMs: 5_000,
    runs: 20,
  });

  it('counts opens within a time across instances, and names the rule and the wait', async () => {
    const limits = { rules: [{ name: 'user', opensPerMinute: 3 }] };
    const [first, second] = [await create({ limits, name: 'both' }), await create({ limits, name: 'both' })];
    for (const limiter of [first, second, first]) expect((await ask(limiter, 'a')).ok).to.equal(true);
    const refusal = await ask(second, 'a');
    expect(refusal).to.include({ ok: false, rule: 'user', kind: 'opensPerMinute' });
    expect((refusal as { retryAfterMs: number }).retryAfterMs).to.be.within(50_000, 60_000);
  });

  it('limiters with different names or prefixes count apart', async () => {
    const limits = { total: 1 };
    const apart = [{ name: 'a' }, { name: 'b' }, { name: 'a', prefix: 'other:' }];
    for (const options of apart) expect((await ask(await create({ limits, ...options }))).ok).to.equal(true);
    expect((await ask(await create({ limits, name: 'a' }))).ok).to.equal(false);
  });

  it('Redis holds no key of a rule in clear text', async () => {
    const limits = { rules: [{ name: 'user', max: 2, opensPerMinute: 5 }] };
    await ask(await create({ limits, name: 'secrets' }), 'alice@example.com');
    const keys = (await server.command('KEYS', '*secrets*')) as string[];
    const hashes = await Promise.all(
      keys.filter((key) => key.includes(':held:')).map((key) => server.command('HGETALL', key)),
    );
    expect(keys.filter((key) => key.includes('opens:user:'))).to.have.length(1);
    const text = JSON.stringify([keys, hashes]);
    expect(text)
      .to.match(/user:[\w-]{22}/)
      .and.not.match(/alice|example/);
  });

  it('every key expires: within 12 seconds what a process holds, by default, and within an hour what it opened', async () => {
    const limits = { rules: [{ name: 'user', max: 2, opensPerHour: 5, opensPerMinute: 300 }] };
    await ask(await create({ limits, name: 'lease' }), 'a');
    const keys = (await server.command('KEYS', '*:lease:*')) as string[];
    const expiries = await Promise.all(
      keys.map(async (key) => [key, Number(await server.command('PTTL', key))] as const),
    );
    const longest = { instances: 12_000, held: 12_000, minute: 60_000 + 60_000 / 256 + 1, hour: 3_600_000 };
    for (const [kind, ms] of Object.entries(longest)) {
      const found = expiries.filter(([key]) => key.includes(kind));
      expect(found, kind).to.have.length(1);
      expect(found[0]![1], kind).to.be.within(1, ms);
    }
    expect(expiries).to.have.length(4);
  });

  it('close() frees what a process held', async () => {
    const limits = { total: 1 };
    const first = await create({ limits, name: 'closed' });
    await ask(first);
    await first.close();
    expect((await ask(await create({ limits, name: 'closed' }))).ok).to.equal(true);
  });
});
