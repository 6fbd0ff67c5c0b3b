import { expect } from 'chai';
import {
  type RedisFeedsOptions,
  type RedisLimiterOptions,
  redisFeeds,
  redisLimiter,
  SseRedisError,
} from '../src/index.ts';

const redis = 'redis://127.0.0.1:1';

const wrong: [what: string, options: unknown, message: RegExp][] = [
  ['no options', undefined, /^redisLimiter: expected an object with options, got undefined/],
  [
    'an unknown option',
    { redis, prefx: 'a' },
    /option prefx: expected one of redis, prefix, .*leaseMs, got an unknown name$/,
  ],
  ['no redis', {}, /option redis: expected a URL that begins with redis:\/\/ or rediss:\/\/, .* got undefined/],
  ['a URL of another kind', { redis: 'http://user:s3cret@a' }, /option redis: .* got a string of 20 characters/],
  ['a wrong URL in the options', { redis: { url: 'a' } }, /option redis: .* got an object/],
  ['no sentinels', { redis: { name: 'main', sentinels: [] } }, /option redis/],
  ['a sentinel without a port', { redis: { name: 'main', sentinels: [{ host: 'a' }] } }, /option redis/],
  ['a master set without a name', { redis: { sentinels: [{ host: 'a', port: 1 }] } }, /option redis/],
  ['an empty prefix', { redis, prefix: '' }, /option prefix: expected 1 to 64 characters/],
  ['a name with a wildcard', { redis, name: 'a*' }, /option name: expected 1 to 64 characters/],
  ['a timeout of 0', { redis, commandTimeoutMs: 0 }, /option commandTimeoutMs: .* 10 to 60000, got 0/],
  ['a lease that is no number', { redis, leaseMs: '12s' }, /option leaseMs: .* got a string of 3 characters/],
  ['a lease of NaN', { redis, leaseMs: Number.NaN }, /option leaseMs: .* got NaN/],
  [
    'a lease shorter than four timeouts',
    { redis, leaseMs: 1_999 },
    /option leaseMs: expected at least 4 × commandTimeoutMs \(2000\), got 1999/,
  ],
  ['limits that are no object', { redis, limits: 10 }, /option limits: expected an object of limits, got 10/],
  [
    'a listener that is no function',
    { redis, onModeChange: true },
    /option onModeChange: expected a function, got true/,
  ],
  [
    'observers that are no array',
    { redis, observers: {} },
    /option observers: expected an array of objects with hooks, got an object/,
  ],
];

describe('options of redisLimiter', () => {
  for (const [what, options, message] of wrong) {
    it(`redisLimiter rejects ${what} with an error that names the option`, () => {
      expect(() => redisLimiter(options as RedisLimiterOptions))
        .to.throw(SseRedisError, message)
        .with.property('code', 'ERR_SSE_REDIS_OPTION');
    });
  }

  it('redisLimiter rejects wrong limits with the error of sse-proxy', () => {
    expect(() => redisLimiter({ redis, limits: { total: -1 } }))
      .to.throw('sse-proxy option limits.total: expected a whole number above 0, got -1')
      .with.property('code', 'ERR_SSE_OPTION');
  });

  it('redisLimiter takes undefined as left out', async () => {
    const limiter = redisLimiter({ redis, prefix: undefined, limits: undefined, leaseMs: undefined } as never);
    expect(limiter).to.include({ upstreams: 20_000 });
    await limiter.close();
  });
});

describe('options of redisFeeds', () => {
  for (const [what, options, message] of [
    ['no options', undefined, /^redisFeeds: expected an object with options, got undefined/],
    ['an option of the limiter', { redis, limits: {} }, /option limits: expected one of redis, prefix, .*leaseMs/],
    ['a lease of 100 ms', { redis, commandTimeoutMs: 10, leaseMs: 100 }, /option leaseMs: .* 500 to 600000, got 100/],
    [
      'a lease shorter than four timeouts',
      { redis, leaseMs: 1_999 },
      /option leaseMs: expected at least 4 × .* got 1999/,
    ],
  ] as const) {
    it(`redisFeeds rejects ${what} with an error that names the option`, () => {
      expect(() => redisFeeds(options as RedisFeedsOptions))
        .to.throw(SseRedisError, message)
        .with.property('code', 'ERR_SSE_REDIS_OPTION');
    });
  }
});
