import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { Agent } from 'undici';
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

describe('wrong options', () => {
  for (const [option, rows] of Object.entries(wrongOptions)) {
    it(`wrong options throw ERR_SSE_OPTION that names the option, what was expected and what arrived: ${option}`, () => {
      expect(rows).to.not.be.empty;
      for (const [value, name, expected, got] of rows) {
        const error = refusal({ target, [option]: value });
        const said = `${name} with ${inspect(value)}: ${error.message}`;
        expect(error.code, said).to.equal('ERR_SSE_OPTION');
        const [, named, wanted, arrived] =
          /^sse-proxy option (.+?): expected (.*), got (.*)$/.exec(error.message) ?? [];
        expect(named, said).to.equal(name);
        expect(wanted, said).to.match(expected);
        expect(arrived, said).to.include(got);
      }
    });
  }

  it('options that are no object are refused', () => {
    for (const options of [undefined, null, 'http://logs.internal/', 5, [], () => {}]) {
      expect(refusal(options).message).to.match(/^sse-proxy options: expected an object, got /);
    }
  });

  it('an unknown option is refused with the list of all names', () => {
    const known = Object.keys(wrongOptions);
    for (const name of ['heartBeatMs', 'shared', 'timeout', 'constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const { message } = refusal(JSON.parse(`{"target":"${target}","${name}":{}}`));
      const [, named, listed = ''] =
        /^sse-proxy option (\S+): expected one of (.*), got an unknown name \(see README#options\)$/.exec(message)!;
      expect(named).to.equal(name);
      expect(listed.split(', ')).to.have.members(known);
    }
  });

  it('no message about an option contains a secret or a line break [R56]', () => {
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

  it('close() rejects a wrong graceMs and closes nothing', async () => {
    const proxy = sseProxy({ target });
    for (const graceMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5', null, true] as number[]) {
      const error = await proxy.close({ graceMs }).then(
        () => undefined,
        (reason) => reason,
      );
      expect(error, String(graceMs)).to.be.instanceOf(SseProxyError).with.property('code', 'ERR_SSE_OPTION');
      expect(error.message).to.match(/^sse-proxy option close\.graceMs: expected 0, or milliseconds above 0, at most /);
    }
    for (const [options, message] of [
      [null, /^sse-proxy option close: expected an object, got null \(see README#options\)$/],
      [5, /^sse-proxy option close: expected an object, got 5 \(see README#options\)$/],
      [
        { grace: 5 },
        /^sse-proxy option close\.grace: expected one of graceMs, got an unknown name \(see README#options\)$/,
      ],
    ] as const) {
      const error = await proxy.close(options as never).then(
        () => undefined,
        (reason) => reason,
      );
      expect(error).to.be.instanceOf(SseProxyError).with.property('message').that.matches(message);
    }
    expect(proxy.stats().draining).to.equal(false);
  });

  it('share.relay is refused with options that it can not be combined with', () => {
    const relay = { open() {} };
    const source = async function* () {};
    for (const [options, message] of [
      [
        { target, resume: false, share: { relay } },
        /^sse-proxy option share\.relay: expected resume not to be false, because .*, got resume: false /,
      ],
      [
        { source, share: { relay, key: () => 'all' } },
        /^sse-proxy option name: expected a string, because source and share\.relay are set, got undefined \(see README#options\)$/,
      ],
    ] as const)
      expect(refusal(options).message).to.match(message);
    readOptions({ source, name: 'logs', share: { relay: relay as never, key: () => 'all' } });
    readOptions({ target, share: { relay: relay as never, ids: 'assign' } });
  });

  it('a long value of an option is cut in the message [R56]', () => {
    expect(refusal({ target, refuse: 'x'.repeat(10_000) }).message.length).to.be.below(300);
  });
});

describe('right options', () => {
  it('options accept the smallest and the largest durations and counts', () => {
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
        openAfterMs: ms,
        idleTimeoutMs: ms,
        maxDurationMs: ms,
        hookTimeoutMs: ms,
        slowClient: { maxStallMs: ms, maxBufferedBytes: 1, maxTotalBytes: 1 },
        resume: { minDelayMs: ms, maxDelayMs: ms, maxOutageMs: ms },
        share: { lingerMs: ms, replay: { maxEvents: 1, maxBytes: 1, maxAgeMs: ms } },
        maxEventBytes: 1,
        limits: { total: 1, upstreams: 1, rules: [{ name: 'a', max: 1, opensPerMinute: 1, opensPerHour: 1 }] },
      });
      expect(config).to.include({ heartbeatMs: ms, idleTimeoutMs: ms, hookTimeoutMs: ms, maxEventBytes: 1 });
      expect(config.slowClient).to.deep.equal({ maxStallMs: ms, maxBufferedBytes: 1, maxTotalBytes: 1 });
      expect(config.resume).to.deep.include({ minDelayMs: ms, maxDelayMs: ms, maxOutageMs: ms });
      expect(config.share).to.deep.include({ lingerMs: ms, replay: { maxEvents: 1, maxBytes: 1, maxAgeMs: ms } });
    }
  });

  it('false switches off each option that can be off', () => {
    const off = {
      heartbeatMs: false,
      retryMs: false,
      idleTimeoutMs: false,
      openAfterMs: false,
      maxDurationMs: false,
      reauthorizeMs: false,
      share: false,
      resume: false,
    } as const;
    expect(readOptions({ target, ...off })).to.include(off);
  });

  it('an option that is undefined counts as left out, also in groups and rules', () => {
    const options = Object.fromEntries(Object.keys(wrongOptions).map((name) => [name, undefined]));
    const { limiter: _, ...config } = readOptions({ ...options, target } as SseProxyOptions);
    const { limiter: __, ...bare } = readOptions({ target });
    expect(config).to.deep.equal(bare);
    const groups = {
      slowClient: { maxStallMs: undefined },
      resume: { minDelayMs: undefined },
      limits: { total: undefined, upstreams: undefined, rules: undefined },
    } as unknown as SseProxyOptions;
    const { limiter: ___, ...grouped } = readOptions({ ...groups, target });
    expect(grouped).to.deep.equal(bare);
    const rules = [{ name: 'a', key: () => 'a', max: 1, opensPerMinute: undefined }];
    readOptions({ target, limits: { rules } } as unknown as SseProxyOptions);
    const share = { key: undefined, join: undefined, replay: undefined };
    expect(readOptions({ target, share } as unknown as SseProxyOptions).share).to.deep.equal(
      readOptions({ target, share: true }).share,
    );
  });

  it('options have the documented defaults', () => {
    const { limiter, ...config } = readOptions({ target });
    expect(config).to.deep.equal({
      target: { origin: 'http://127.0.0.1:9', segments: ['logs'], query: '' },
      forwardHeaders: ['authorization', 'accept-language', 'traceparent', 'tracestate', 'x-request-id'],
      forwardCookies: [],
      forwardQuery: [],
      name: undefined,
      source: undefined,
      responseHeaders: ['x-request-id', 'server-timing', 'traceresponse'],
      upstreamHeaders: {},
      authorize: undefined,
      reauthorizeMs: false,
      share: false,
      resume: { minDelayMs: 500, maxDelayMs: 10_000, maxOutageMs: 60_000, afterEnd: 'resume' },
      heartbeatMs: 15_000,
      retryMs: 2_000,
      connectTimeoutMs: 10_000,
      headersTimeoutMs: 120_000,
      openAfterMs: 3_000,
      idleTimeoutMs: 120_000,
      idleTimeoutIsSet: false,
      maxDurationMs: false,
      hookTimeoutMs: 10_000,
      slowClient: { maxBufferedBytes: 1_048_576, maxStallMs: 30_000, maxTotalBytes: 268_435_456 },
      maxEventBytes: 1_048_576,
      maxUpstreams: 20_000,
      limitNames: ['total', 'upstreams'],
      refuse: 'soft',
      allowOrigins: [],
      transform: undefined,
      observers: [],
      dispatcher: undefined,
      warnings: true,
      fastPath: true,
      tickMs: 1_000,
      idleTickMs: 2_500,
    });
    const request = { key: undefined } as Parameters<typeof limiter.acquire>[0];
    for (let open = 0; open < 10_000; open++) expect(limiter.acquire(request)).to.have.property('ok', true);
    expect(limiter.acquire(request)).to.deep.equal({ ok: false, rule: 'total', kind: 'total' });
  });

  it('options keep the defaults of a group for the members that are left out', () => {
    expect(readOptions({ target, slowClient: { maxStallMs: 5 } }).slowClient).to.deep.equal({
      maxBufferedBytes: 1_048_576,
      maxStallMs: 5,
      maxTotalBytes: 268_435_456,
    });
  });

  it('options are copied and frozen: a later change of the given objects has no effect', () => {
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

describe('options that depend on each other', () => {
  const share = { key: () => 'all' };

  it('refuses share.key for every way in which a credential of a user may go up [R52]', () => {
    for (const options of [
      { share },
      { share, forwardHeaders: ['authorization'] },
      { share, forwardHeaders: ['accept-language', 'X-Api-Key'] },
      { share, forwardHeaders: ['X-Access-Token'] },
      { share, forwardHeaders: [], forwardCookies: ['theme'] },
    ]) {
      expect(refusal({ target, ...options }).message).to.include("share.key: expected no user's credentials");
      readOptions({ target, ...options, share: true });
    }
    const config = readOptions({ target, share, forwardHeaders: ['accept-language', 'x-request-id'] });
    expect(config.share).to.include({ key: share.key, ids: 'upstream', join: 'fresh' });
  });

  it('refuses other responseHeaders than the default ones with share [R9]', () => {
    const options = { target, responseHeaders: ['server-timing', 'x-build'] };
    expect(refusal({ ...options, share: true }).message).to.equal(
      'sse-proxy option responseHeaders: expected only names of x-request-id, server-timing, traceresponse, because share is set, got "x-build" (see README#options)',
    );
    expect(readOptions(options).responseHeaders).to.deep.equal(options.responseHeaders);
    readOptions({ ...options, responseHeaders: ['server-timing'], share: true });
  });

  it('accepts last-event-id in forwardHeaders, where it changes nothing [R16]', () => {
    expect(readOptions({ target, forwardHeaders: ['Last-Event-ID', 'X-A'] }).forwardHeaders).to.deep.equal(['x-a']);
  });

  it('accepts origins of app shells and extensions, and origins with a port [R14]', () => {
    const allowOrigins = ['capacitor://localhost', 'ionic://localhost', 'tauri://localhost', 'app://MyApp'].concat(
      ['chrome-extension://abcdefghijklmnop', 'moz-extension://2c127fa4-62c7-7e4f', 'http://localhost:8080'],
      ['https://xn--bcher-kva.example', 'http://[::1]:81'],
    );
    expect(readOptions({ target, allowOrigins }).allowOrigins).to.deep.equal(allowOrigins);
  });

  it('openAfterMs is at most headersTimeoutMs, and off where there is no early open [R6]', () => {
    expect(readOptions({ target, headersTimeoutMs: 500 }).openAfterMs).to.equal(500);
    expect(readOptions({ target, refuse: 'status' }).openAfterMs).to.equal(false);
    expect(readOptions({ target, resume: false, openAfterMs: 50 }).openAfterMs).to.equal(false);
    expect(refusal({ target, openAfterMs: 501, headersTimeoutMs: 500 }).message).to.include('openAfterMs: expected at');
  });

  it('takes exactly one of target and source', () => {
    const source = async function* () {};
    expect(readOptions({ source })).to.include({ source, target: undefined });
    expect(refusal({ source, target }).message).to.equal(
      'sse-proxy option source: expected no target beside it: events come from one of the two, got target and source (see README#options)',
    );
    expect(refusal({}).message).to.match(
      /^sse-proxy option target: expected .*, or source in its place, got undefined \(see README#options\)$/,
    );
  });

  it('refuses every option of the HTTP request beside source', () => {
    const source = async function* () {};
    const given = {
      forwardHeaders: ['x-a'],
      forwardCookies: ['a'],
      forwardQuery: true,
      responseHeaders: ['server-timing'],
      upstreamHeaders: { 'x-a': 's3cret' },
      connectTimeoutMs: 5,
      dispatcher: new Agent(),
    };
    for (const [name, value] of Object.entries(given)) {
      const { message } = refusal({ source, [name]: value });
      expect(message).to.match(
        new RegExp(`^sse-proxy option ${name}: expected it to be left out with source, .*, got `),
      );
      expect(message).to.not.include('s3cret');
    }
    const rest = Object.keys(given).concat('target', 'source');
    const used = Object.keys(wrongOptions).filter((name) => !rest.includes(name));
    const { target: _, ...config } = readOptions({ source });
    for (const name of used) expect(config, name).to.have.property(name === 'limits' ? 'limiter' : name);
  });

  it('refuses share without a key beside source: only a key identifies browsers that may share [R51]', () => {
    const source = async function* () {};
    for (const shared of [true, {}, { join: 'live' }])
      expect(refusal({ source, share: shared }).message).to.include('option share: expected { key } with source');
    expect(readOptions({ source, share }).share).to.include({ key: share.key });
  });

  it('switches the idle timeout of a source off, unless it is set', () => {
    const source = async function* () {};
    expect(readOptions({ source }).idleTimeoutMs).to.equal(false);
    expect(readOptions({ source, idleTimeoutMs: 5_000 })).to.include({ idleTimeoutMs: 5_000, idleTimeoutIsSet: true });
  });

  it('limits.upstreams defaults to twice limits.total', () => {
    expect(readOptions({ target, limits: { total: 7 } }).maxUpstreams).to.equal(14);
    expect(readOptions({ target, limits: { total: 7, upstreams: 3 } }).maxUpstreams).to.equal(3);
    expect(readOptions({ target, limits: { acquire: () => ({ ok: true, release() {} }) } }).maxUpstreams).to.equal(
      20_000,
    );
  });
});

describe('options of any value', () => {
  const names = Object.keys(wrongOptions);
  // Values that are close to right get past the first check.
  const near = fc.oneof(
    fc.constantFrom<unknown>('/a', 'x-a', 'http://a', 1, 0, false, true, null, undefined, '\u2028', Number.NaN),
    fc.func(fc.anything()),
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      maxDepth: 1,
      maxKeys: 2,
    }),
  );
  const members = ['key', 'ids', 'join', 'replay', 'rules', 'total', 'name', 'max', 'acquire', 'dispatch', 'onOpen'];
  const group = fc.oneof(
    near,
    fc.array(near, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...members, 'minDelayMs', 'x-a'), near),
  );
  const deep = fc.oneof(
    group,
    fc.array(group, { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...members), fc.oneof(group, fc.array(group, { maxLength: 2 }))),
  );

  it('options of any value throw nothing but ERR_SSE_OPTION on one line', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), deep), fc.boolean(), (options, withTarget) => {
        try {
          readOptions((withTarget ? { ...options, target } : options) as unknown as SseProxyOptions);
        } catch (error) {
          expect(error).to.be.instanceOf(SseProxyError).with.property('code', 'ERR_SSE_OPTION');
          expect((error as Error).message).to.match(/^sse-proxy options?[^\p{Cc}\p{Zl}\p{Zp}]+$/u);
        }
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  it('wrong options throw ERR_SSE_OPTION if reading a member throws', () => {
    const hostile = new Proxy({}, { get: () => fail(), ownKeys: () => fail(), has: () => fail() });
    function fail(): never {
      throw new Error('s3cret');
    }
    for (const name of names) {
      for (const value of [hostile, [hostile], { constructor: { name: Symbol('a') } }]) {
        const options = { ...(name === 'target' ? {} : { target }), [name]: value };
        try {
          readOptions(options as unknown as SseProxyOptions);
        } catch (error) {
          expect(error, name).to.be.instanceOf(SseProxyError).with.property('code', 'ERR_SSE_OPTION');
          expect((error as Error).message).to.not.include('s3cret');
        }
      }
    }
    expect(refusal(hostile).message).to.equal(
      'sse-proxy options: expected members that can be read, got one that throws (see README#options)',
    );
  });
});
