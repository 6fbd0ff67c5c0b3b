import { expect } from 'chai';
import { Registry } from 'prom-client';
import { accessLog, adminPage, auditLog, redisMetrics, SseMetricsError, sseMetrics } from '../src/index.ts';

const registry = new Registry();
const log = { info() {}, warn() {} };
const proxy = { stats() {}, streams() {}, feeds() {} };

const wrong: [name: string, call: () => unknown, message: RegExp][] = [
  ['no options', () => sseMetrics(undefined as never), /^sseMetrics: expected an object with options, got undefined/],
  [
    'an unknown option',
    () => sseMetrics({ registry, prefx: 'a' } as never),
    /option prefx: expected one of registry, prefix, got an unknown name$/,
  ],
  ['no registry', () => sseMetrics({} as never), /option registry: expected a Registry of prom-client, got undefined/],
  ['a registry of another kind', () => sseMetrics({ registry: {} as never }), /option registry: .* got an object/],
  [
    'a prefix with a dash',
    () => sseMetrics({ registry, prefix: 'a-b' }),
    /option prefix: expected letters, digits and _/,
  ],
  ['a prefix that begins with a digit', () => sseMetrics({ registry, prefix: '1_' }), /option prefix/],
  ['no registry for Redis', () => redisMetrics({} as never), /^redisMetrics option registry: .* got undefined/],
  [
    'a Redis that can’t be inspected',
    () => adminPage({ proxies: [], redis: [{} as never] }),
    /adminPage option redis: expected a list of what redisFeeds and redisLimiter returned, got an array of 1/,
  ],
  ['no logger', () => accessLog({} as never), /accessLog option log: expected an object with info and warn/],
  ['a logger without warn', () => accessLog({ log: { info() {} } as never }), /accessLog option log/],
  ['params that are no lists', () => accessLog({ log, params: { a: 'b' as never } }), /accessLog option params/],
  ['a user that is no flag', () => accessLog({ log, user: 1 as never }), /accessLog option user: .* got 1/],
  [
    'messages that are no flag',
    () => accessLog({ log, messages: 'on' as never }),
    /accessLog option messages: .* string/,
  ],
  [
    'messages with a logger that has no debug',
    () => accessLog({ log, messages: true }),
    /accessLog option messages: expected false with a logger that has no debug, got true/,
  ],
  [
    'a short secret',
    () => auditLog({ log, secret: 's3cret' }),
    /auditLog option secret: .* got a string of 6 characters/,
  ],
  ['no proxies', () => adminPage({} as never), /adminPage option proxies: .* got undefined/],
  ['an observer as a proxy', () => adminPage({ proxies: [{} as never] }), /adminPage option proxies: .* an array of 1/],
  [
    'a log service that can’t be inspected',
    () => adminPage({ proxies: [], logServices: [{ stats() {} } as never] }),
    /adminPage option logServices: expected a list of what logStreamRouter returned, got an array of 1/,
  ],
  ['a refresh of 0', () => adminPage({ proxies: [], refreshMs: 0 }), /adminPage option refreshMs: .* got 0/],
  [
    'a refresh that is NaN',
    () => adminPage({ proxies: [], refreshMs: Number.NaN }),
    /adminPage option refreshMs: .* NaN/,
  ],
  ['half a row', () => adminPage({ proxies: [], maxRows: 0.5 }), /adminPage option maxRows/],
  [
    'a title that is no string',
    () => adminPage({ proxies: [], title: 5 as never }),
    /adminPage option title: .* got 5/,
  ],
];

describe('options of sse-metrics', () => {
  for (const [name, call, message] of wrong) {
    it(`refuses ${name}, and says what was expected and what arrived`, () => {
      expect(call).to.throw(SseMetricsError, message).with.property('code', 'ERR_SSE_METRICS_OPTION');
    });
  }

  it('takes an undefined option as left out', () => {
    sseMetrics({ registry: new Registry(), prefix: undefined as never });
    accessLog({ log, params: undefined as never, user: undefined as never, messages: undefined as never });
    auditLog({ log, secret: undefined as never });
    adminPage({
      proxies: [proxy as never],
      logServices: undefined as never,
      title: undefined as never,
      refreshMs: undefined as never,
    });
  });
});
