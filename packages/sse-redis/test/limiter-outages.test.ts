import { expect } from 'chai';
import { Relay } from '../../../test/faults/support/relay.ts';
import { needs } from '../../../test/support/needs.ts';
import { ask } from '../../sse-proxy/test/support/limiter-contract.ts';
import { cleaner, until } from '../../sse-proxy/test/support/until.ts';
import { type ModeChange, type RedisLimiter, type RedisLimiterOptions, redisLimiter } from '../src/index.ts';
import { RedisServer } from './support/redis-server.ts';
import { SentinelSet } from './support/sentinels.ts';

/** Long enough for a machine that is busy with other tests. */
const commandTimeoutMs = 1_000;
const leaseMs = 4_000;
const max = 10;

/** A limiter of one process, and the streams that it has open. */
interface Instance {
  readonly limiter: RedisLimiter;
  readonly changes: ModeChange[];
  /** Opens a stream of one user; false if it was refused. */
  open(): Promise<boolean>;
  /** Ends one stream. */
  end(): void;
}

describe('limits while Redis can not be used', () => {
  const { add, clean } = cleaner();
  afterEach(clean);

  const startServer = async (...settings: string[]) =>
    add(await RedisServer.start(...settings), (server) => server.close());

  function start(redis: RedisLimiterOptions['redis'], times: Partial<RedisLimiterOptions> = {}): Instance {
    const changes: ModeChange[] = [];
    const options = { redis, leaseMs, commandTimeoutMs, limits: { rules: [{ name: 'user', max }] }, ...times };
    const onModeChange = (change: ModeChange) => void changes.push(change);
    const limiter = add(redisLimiter({ ...options, onModeChange }), (it) => it.close());
    const releases: (() => void)[] = [];
    return {
      limiter,
      changes,
      async open() {
        const result = await ask(limiter, 'alice');
        if (result.ok) releases.push(() => result.release());
        return result.ok;
      },
      end: () => releases.pop()?.(),
    };
  }

  const inMode = (mode: string, ...instances: Instance[]) =>
    until(() => instances.every(({ limiter }) => limiter.stats().mode === mode));

  /** Starts an instance. Resolves when it uses Redis. */
  async function startShared(redis: RedisLimiterOptions['redis']): Promise<Instance> {
    const instance = start(redis);
    await inMode('shared', instance);
    return instance;
  }

  /** Three instances with 4, 3 and 3 open streams: the user's ten. */
  async function startThree(redis: RedisLimiterOptions['redis']): Promise<[Instance, Instance, Instance]> {
    const three: [Instance, Instance, Instance] = [start(redis), start(redis), start(redis)];
    await inMode('shared', ...three);
    for (let n = 0; n < max; n++) expect(await three[n % 3]!.open(), `stream ${n}`).to.equal(true);
    for (const instance of three) expect(await instance.open()).to.equal(false);
    return three;
  }

  const openOf = (instances: readonly Instance[]) => instances.map(({ limiter }) => limiter.stats().open);

  /** Checks that exactly one place is free after one stream of the eleven and another one have ended. */
  async function expectElevenCounted(three: readonly Instance[]): Promise<void> {
    expect(openOf(three)).to.deep.equal([5, 3, 3]);
    for (const instance of three) expect(await instance.open()).to.equal(false);
    three[0]!.end();
    expect(await three[1]!.open()).to.equal(false);
    three[2]!.end();
    await until(() => three[2]!.limiter.stats().open === 2);
    // The end is sent to Redis at the end of the turn, and an open of the same process after it.
    expect(await three[2]!.open()).to.equal(true);
    for (const instance of three) expect(await instance.open()).to.equal(false);
  }

  describe('a single server', () => {
    needs('redis');

    it('Redis is killed: limits hold per process. It returns without data: open streams are counted again, and stay', async () => {
      const server = await startServer();
      const three = await startThree(server.url);
      await server.kill();
      await inMode('local', ...three);
      expect(await three[0].open()).to.equal(true);
      await server.restartEmpty();
      await inMode('shared', ...three);
      await expectElevenCounted(three);
    });

    it('Redis is stopped (SIGSTOP): requests are decided within the timeout, and go on in Redis when it continues', async () => {
      const server = await startServer();
      const three = await startThree(server.url);
      server.pause();
      const askedAt = performance.now();
      expect(await three[0].open()).to.equal(true);
      expect(performance.now() - askedAt).to.be.below(10 * commandTimeoutMs);
      expect(three[0].limiter.stats().mode).to.equal('local');
      await inMode('local', ...three);
      // In local mode nothing is asked of Redis, so nothing can queue up.
      const results = Array.from({ length: 100 }, () => three[0].limiter.acquire({ key: 'bob' } as never));
      expect(results.filter((result) => 'then' in result)).to.have.length(0);
      for (const result of results) if ('ok' in result && result.ok) result.release();
      server.resume();
      await inMode('shared', ...three);
      await expectElevenCounted(three);
    });

    it('requests that wait for a stopped Redis are all decided in the process, by its own limits', async () => {
      const server = await startServer();
      const instance = await startShared(server.url);
      expect(await instance.open()).to.equal(true);
      server.pause();
      const opened = await Promise.all(Array.from({ length: 50 }, () => instance.open()));
      expect(opened.filter(Boolean)).to.have.length(max - 1);
      server.resume();
      await inMode('shared', instance);
      expect(await (await startShared(server.url)).open()).to.equal(false);
    });

    it('FLUSHALL: each process counts its open streams again with its next renewal', async () => {
      const server = await startServer();
      const three = await startThree(server.url);
      await server.command('FLUSHALL');
      const registered = async () => Number(await server.command('ZCARD', 'sse:limits:streams:instances')) === 3;
      await until(registered);
      for (const instance of three) expect(await instance.open()).to.equal(false);
      expect(three.flatMap(({ changes }) => changes.map(({ mode }) => mode))).to.deep.equal([
        'shared',
        'shared',
        'shared',
      ]);
      expect(openOf(three)).to.deep.equal([4, 3, 3]);
    });

    it('the clock of Redis is set back by an hour: an instance that died just before is forgotten', async () => {
      const server = await startServer();
      const instance = start(server.url, { limits: { total: max } });
      await inMode('shared', instance);
      const script = `redis.call('HSET', KEYS[1], '', 'registered', 'total', ${max})
        redis.call('ZADD', KEYS[2], redis.call('TIME')[1] * 1000 + 3600000, 'dead')`;
      const prefix = 'sse:limits:streams:';
      await server.command('EVAL', script, '2', `${prefix}held:dead`, `${prefix}instances`);
      expect(await instance.open()).to.equal(true);
      await until(async () => (await server.command('ZCARD', `${prefix}instances`)) === 1);
    });

    it('a request right after FLUSHALL finds the streams of its own process counted', async () => {
      const server = await startServer();
      const [instance, other] = [await startShared(server.url), await startShared(server.url)];
      for (let n = 0; n < max; n++) await instance.open();
      expect(await other.open()).to.equal(false);
      await server.command('FLUSHALL');
      instance.end();
      expect([await instance.open(), await instance.open(), await other.open()]).to.deep.equal([true, false, false]);
    });

    it('Redis is full (maxmemory, noeviction): limits still hold across instances', async () => {
      const server = await startServer('maxmemory-policy noeviction');
      await server.command('CONFIG', 'SET', 'maxmemory', '1');
      const refused = await server.command('SET', 'a', 'b').catch((error: Error) => error.message);
      expect(refused).to.include('OOM');
      const three = await startThree(server.url);
      expect(three.map(({ limiter }) => limiter.stats().mode)).to.deep.equal(['shared', 'shared', 'shared']);
    });

    it('a partition: an instance that gets no answer decides alone, and is forgotten by the others after its lease', async () => {
      const server = await startServer();
      const relay = add(await Relay.start(server.port), (it) => it.close());
      const [cutOff, other] = [start(`redis://127.0.0.1:${relay.port}`), start(server.url)];
      await inMode('shared', cutOff, other);
      for (let n = 0; n < max; n++) expect(await cutOff.open()).to.equal(true);
      expect(await other.open()).to.equal(false);
      relay.rules.stalled = true;
      await inMode('local', cutOff);
      expect(cutOff.changes.at(-1)?.error).to.include({ code: 'ERR_SSE_REDIS_TIMEOUT' });
      await until(() => other.open());
      relay.rules.stalled = false;
      relay.breakAll('rst');
      await inMode('shared', cutOff);
      expect(openOf([cutOff, other])).to.deep.equal([max, 1]);
      expect(await other.open()).to.equal(false);
    });

    it('a connection that breaks is made again, and the streams stay counted', async () => {
      const server = await startServer();
      const relay = add(await Relay.start(server.port), (it) => it.close());
      const [first, second] = [start(`redis://127.0.0.1:${relay.port}`), start(server.url)];
      await inMode('shared', first, second);
      for (let n = 0; n < max; n++) await first.open();
      relay.breakAll('rst');
      await until(() => first.changes.map(({ mode }) => mode).join() === 'shared,local,shared');
      expect(first.changes[1]?.error).to.include({ code: 'ERR_SSE_REDIS_LOST' });
      expect(await second.open()).to.equal(false);
    });

    it('starts without Redis: limits hold in the process, which uses Redis as soon as it is there', async () => {
      const server = await startServer();
      await server.kill();
      const instance = start(server.url);
      for (let n = 0; n < max; n++) expect(await instance.open()).to.equal(true);
      expect(await instance.open()).to.equal(false);
      expect(instance.changes).to.have.length(1);
      expect(instance.changes[0]?.error?.message).to.equal("Redis can't be reached: ECONNREFUSED");
      await server.restartEmpty();
      await inMode('shared', instance);
      expect(await (await startShared(server.url)).open()).to.equal(false);
    });

    it('names a wrong password by the code of Redis, and never shows it', async () => {
      const server = await startServer('requirepass right');
      const { changes } = start(`redis://:s3cret@127.0.0.1:${server.port}`, {
        commandTimeoutMs: 10_000,
        leaseMs: 40_000,
      });
      await until(() => changes.length > 0);
      expect(changes[0]?.error?.message).to.equal("Redis can't be reached: WRONGPASS");
      await startShared(`redis://:right@127.0.0.1:${server.port}`);
    });

    it('warns once when Redis is lost, with the code and what follows from it', async () => {
      const server = await startServer();
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => void (warning.name === 'SseRedisWarning' && warnings.push(warning));
      process.on('warning', onWarning);
      const limiter = add(redisLimiter({ redis: server.url, commandTimeoutMs }), (it) => it.close());
      await until(() => limiter.stats().mode === 'shared');
      for (const _ of [1, 2]) {
        await server.kill();
        await until(() => limiter.stats().mode === 'local');
        await server.restartEmpty();
        await until(() => limiter.stats().mode === 'shared');
      }
      process.off('warning', onWarning);
      expect(warnings.map(({ message }) => message)).to.deep.equal([
        'sse-redis: the connection to Redis has ended; until Redis can be used, limits hold in each process alone',
      ]);
    });
  });

  describe('Sentinel', () => {
    needs('sentinel');

    it('the primary is killed: limits hold per process until the replica is promoted, and across instances after it', async () => {
      const set = add(await SentinelSet.start(), (it) => it.close());
      const three = await startThree(set.address);
      await set.primary.kill();
      await inMode('local', ...three);
      expect(await three[0].open()).to.equal(true);
      await set.failedOver();
      await inMode('shared', ...three);
      await expectElevenCounted(three);
      expect(await set.replica.command('ZCARD', 'sse:limits:streams:instances')).to.equal(3);
    });
  });
});
