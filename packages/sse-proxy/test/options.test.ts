import { expect } from 'chai';
import { readOptions } from '../src/config/options.ts';
import { SseProxyError, sseProxy } from '../src/index.ts';
import type { SseProxyOptions } from '../src/types.ts';
import { wrongOptions } from './support/wrong-options.ts';

const target = 'http://127.0.0.1:9/logs';

/** The error that `options` are refused with when the middleware is made. */
function refusal(options: unknown): SseProxyError {
  try {
    sseProxy(options as SseProxyOptions);
  } catch (error) {
    expect(error).to.be.instanceOf(SseProxyError);
    return error as SseProxyError;
  }
  throw new Error('was taken');
}

describe('options that are wrong', () => {
  for (const [option, rows] of Object.entries(wrongOptions)) {
    it(`${option}: throws when the middleware is made, naming it, what was expected and what arrived`, () => {
      expect(rows).to.not.be.empty;
      for (const [value, name, expected, got] of rows) {
        const error = refusal({ target, [option]: value });
        const said = `${name} with ${JSON.stringify(value)}: ${error.message}`;
        expect(error.code, said).to.equal('ERR_SSE_OPTION');
        const [, named, wanted, arrived] =
          /^sse-proxy option (\S+): expected (.*), got (.*)$/.exec(error.message) ?? [];
        expect(named, said).to.equal(name);
        expect(wanted, said).to.match(expected);
        expect(arrived, said).to.include(got);
      }
    });
  }

  it('no options, or none at all, are refused', () => {
    for (const options of [undefined, null, 'http://logs.internal/', 5, [], () => {}]) {
      expect(refusal(options).message).to.match(/^sse-proxy option options: expected an object, got /);
    }
  });

  it('unknown names are refused, with the list of those that are known', () => {
    const known = Object.keys(wrongOptions).join(', ');
    for (const name of ['heartBeatMs', 'shared', 'timeout', 'constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const options = JSON.parse(`{"target":"${target}","${name}":{}}`);
      expect(refusal(options).message).to.equal(`sse-proxy option ${name}: unknown; known are ${known}`);
    }
  });

  it('unknown names within slowClient and limits are refused too', () => {
    expect(refusal({ target, slowClient: { maxBytes: 5 } }).message).to.equal(
      'sse-proxy option slowClient.maxBytes: unknown; known are maxBufferedBytes, maxStallMs, maxTotalBytes',
    );
    expect(refusal({ target, limits: { perUser: 5 } }).message).to.equal(
      'sse-proxy option limits.perUser: unknown; known are total, perKey, opensPerMinute, key',
    );
    expect(refusal({ target, limits: JSON.parse('{"constructor":5}') }).message).to.include(
      'limits.constructor: unknown',
    );
  });

  it('secrets are not shown, and no message has more than one line', () => {
    const secret: Record<string, unknown>[] = [
      { target: 'https://user:s3cret@logs.internal/' },
      { target: 'https://user:s3cret@logs.internal:99999/' },
      { target: 'https://user:s3/cret@logs.internal:99999/' },
      { target: '/logs?token=s3cret' },
      { target: 'logs.internal/#s3cret' },
      { target, upstreamHeaders: 'Bearer s3cret' },
      { target, upstreamHeaders: ['Bearer s3cret'] },
      { target, upstreamHeaders: { authorization: ['Bearer s3cret'] } },
      { target, upstreamHeaders: { authorization: 'Bearer s3cret\n' } },
      { target, upstreamHeaders: { 'a\r\nb': 's3cret' } },
      { target, forwardHeaders: ['a\r\nb'] },
      { target, dispatcher: { token: 's3cret' } },
      { target: { href: 's3cret' } },
    ];
    for (const options of secret) {
      const { message } = refusal(options);
      expect(message).to.match(/^sse-proxy option (target|upstreamHeaders|forwardHeaders|dispatcher)/);
      expect(message)
        .to.not.include('s3')
        .and.not.include('cret')
        .and.not.match(/[\r\n]/);
    }
  });

  it('close() refuses a graceMs that is no time, and the middleware goes on', async () => {
    const proxy = sseProxy({ target });
    for (const graceMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', null, true] as number[]) {
      const error = await proxy.close({ graceMs }).then(
        () => undefined,
        (reason) => reason,
      );
      expect(error, String(graceMs)).to.be.instanceOf(SseProxyError).with.property('code', 'ERR_SSE_OPTION');
      expect(error.message).to.match(/^sse-proxy option close\.graceMs: expected milliseconds, 0 or more, got /);
    }
    expect(proxy.stats().draining).to.equal(false);
  });

  it('a value that is long is cut in the message', () => {
    expect(refusal({ target, refuse: 'x'.repeat(10_000) }).message.length).to.be.below(200);
  });
});

describe('options that are right', () => {
  it('the smallest and the largest durations and counts are taken', () => {
    const largest = 2 ** 31 - 1;
    for (const ms of [1, 0.5, largest]) {
      const config = readOptions({
        target,
        authorize: () => true,
        reauthorizeMs: ms,
        heartbeatMs: ms,
        retryMs: ms,
        connectTimeoutMs: ms,
        headersTimeoutMs: ms,
        idleTimeoutMs: ms,
        maxDurationMs: ms,
        hookTimeoutMs: ms,
        slowClient: { maxStallMs: ms, maxBufferedBytes: 1, maxTotalBytes: 1 },
        resume: { minDelayMs: ms, maxDelayMs: ms, maxOutageMs: ms },
        share: { lingerMs: ms, replay: { maxEvents: 1, maxBytes: 1, maxAgeMs: ms } },
        maxEventBytes: 1,
        limits: { total: 1 },
      });
      expect(config).to.include({ heartbeatMs: ms, idleTimeoutMs: ms, hookTimeoutMs: ms, maxEventBytes: 1 });
      expect(config.slowClient).to.deep.equal({ maxStallMs: ms, maxBufferedBytes: 1, maxTotalBytes: 1 });
      expect(config.resume).to.deep.equal({ minDelayMs: ms, maxDelayMs: ms, maxOutageMs: ms });
      expect(config.share).to.deep.include({ lingerMs: ms, replay: { maxEvents: 1, maxBytes: 1, maxAgeMs: ms } });
    }
  });

  it('what can be switched off is off with false', () => {
    const off = {
      heartbeatMs: false,
      retryMs: false,
      idleTimeoutMs: false,
      maxDurationMs: false,
      reauthorizeMs: false,
      share: false,
      resume: false,
    } as const;
    expect(readOptions({ target, ...off })).to.include(off);
  });

  it('undefined is as good as left out', () => {
    const options = Object.fromEntries(Object.keys(wrongOptions).map((name) => [name, undefined]));
    const { limiter: _, ...config } = readOptions({ ...options, target } as SseProxyOptions);
    const { limiter: __, ...bare } = readOptions({ target });
    expect(config).to.deep.equal(bare);
  });

  it('the defaults are those of the documentation', () => {
    const { limiter, ...config } = readOptions({ target });
    expect(config).to.deep.equal({
      target: { origin: 'http://127.0.0.1:9', segments: ['logs'], query: '' },
      forwardHeaders: ['authorization', 'accept-language', 'traceparent', 'tracestate', 'x-request-id'],
      forwardCookies: [],
      forwardQuery: [],
      upstreamHeaders: {},
      authorize: undefined,
      reauthorizeMs: false,
      share: false,
      resume: { minDelayMs: 500, maxDelayMs: 10_000, maxOutageMs: 60_000 },
      heartbeatMs: 15_000,
      retryMs: 2_000,
      connectTimeoutMs: 10_000,
      headersTimeoutMs: 10_000,
      idleTimeoutMs: 120_000,
      idleTimeoutIsSet: false,
      maxDurationMs: false,
      hookTimeoutMs: 10_000,
      slowClient: { maxBufferedBytes: 1_048_576, maxStallMs: 30_000, maxTotalBytes: 268_435_456 },
      maxEventBytes: 1_048_576,
      limitKey: undefined,
      refuse: 'soft',
      allowOrigins: [],
      transform: undefined,
      observers: [],
      dispatcher: undefined,
      beatMs: 1_000,
      idleBeatMs: 30_000,
    });
    const request = { key: undefined } as Parameters<typeof limiter.acquire>[0];
    for (let open = 0; open < 10_000; open++) expect(limiter.acquire(request)).to.have.property('ok', true);
    expect(limiter.acquire(request)).to.deep.equal({ ok: false, limit: 'total' });
  });

  it('part of a group keeps the defaults of the rest', () => {
    expect(readOptions({ target, slowClient: { maxStallMs: 5 } }).slowClient).to.deep.equal({
      maxBufferedBytes: 1_048_576,
      maxStallMs: 5,
      maxTotalBytes: 268_435_456,
    });
  });

  it('what was checked stays: it is frozen, and changing the lists that were given changes nothing', () => {
    const options = {
      target,
      forwardHeaders: ['x-a'],
      forwardCookies: ['a'],
      forwardQuery: ['a'],
      allowOrigins: ['https://admin.example'],
      upstreamHeaders: { 'x-a': 'b' } as Record<string, string>,
      slowClient: { maxStallMs: 5 },
      observers: [{}],
    };
    const config = readOptions(options);
    const before = structuredClone({ ...config, limiter: undefined });
    for (const list of [options.forwardHeaders, options.forwardCookies, options.forwardQuery, options.allowOrigins])
      list.push('evil');
    options.upstreamHeaders['x-evil'] = '1';
    options.slowClient.maxStallMs = 6;
    options.observers.push({});
    expect({ ...config, limiter: undefined }).to.deep.equal(before);
    expect(Object.isFrozen(config)).to.equal(true);
  });
});

describe('share.key and credentials', () => {
  const share = { key: () => 'all' };

  it('is refused for every way in which a credential of a user may go up', () => {
    for (const options of [
      { share },
      { share, forwardHeaders: ['authorization'] },
      { share, forwardHeaders: ['X-Api-Key'] },
      { share, forwardHeaders: ['x-auth-token'] },
      { share, forwardHeaders: [], forwardCookies: ['theme'] },
    ]) {
      expect(refusal({ target, ...options }).message).to.include('share.key: expected no credentials of users');
    }
  });

  it('is taken where none goes up', () => {
    const config = readOptions({ target, share, forwardHeaders: ['accept-language', 'x-request-id'] });
    expect(config.share).to.include({ key: share.key, ids: 'upstream' });
  });
});
