import type { SseProxyOptions } from '../../src/types.ts';

/** One thing that is wrong: the value, the name in the message, what it expected, what it says arrived. */
export type Wrong = [value: unknown, name: string, expected: RegExp, got: string];

/** A message shows strings in quotes, numbers and the like as they are, and of an object only its kind. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? `an object (${value.constructor.name})` : String(value);
}

function each(name: string, expected: RegExp, values: unknown[], got = shown): Wrong[] {
  return values.map((value) => [value, name, expected, got(value)]);
}

/** The same values, one level down: in an object under `key`, or in a list. */
const inside = (key: string, wrongs: Wrong[], rest = {}): Wrong[] =>
  wrongs.map(([value, ...said]) => [{ ...rest, [key]: value }, ...said]);
const listed = (wrongs: Wrong[]): Wrong[] => wrongs.map(([value, ...said]) => [['x-ok', value], ...said]);

const noNumbers = ['5000', Number.NaN, 0, -1, Number.POSITIVE_INFINITY, null, true, [5], {}];
const duration = (name: string) => each(name, /milliseconds( above 0, at most 2147483647)?/, [...noNumbers, 2 ** 31]);
const durationOnly = (name: string) => [...duration(name), ...each(name, /above 0, at most 2147483647/, [false])];
const count = (name: string) => each(name, /a whole number above 0/, [...noNumbers, false, 1.5, 2 ** 53]);
const fn = (name: string) => each(name, /a function/, [null, 'yes', 5, true, {}]);
const strings = (name: string) => [
  ...each(name, /an array of strings/, ['a, b', null, 5, false, { a: true }]),
  ...listed(each(name, /an array of strings that are not empty/, [5, '', undefined, null, ['a']])),
];

const unforwardable = [
  ...['accept', 'accept-encoding', 'cache-control', 'connection', 'content-encoding', 'content-length', 'expect'],
  ...['forwarded', 'host', 'http2-settings', 'keep-alive', 'last-event-id', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'via', 'proxy-authorization', 'Proxy-Connection', 'HOST', 'x y', 'x:', 'a\r\nb', 'é', 'a\0'],
];

/** Every option with what it may not be. Kept exhaustive by the compiler: an option without a row does not build. */
export const wrongOptions: Record<keyof SseProxyOptions, Wrong[]> = {
  target: [
    ...each('target', /^an absolute http: or https: URL$/, [
      undefined,
      null,
      5,
      {},
      '',
      '/logs/stream',
      'logs.internal/stream',
      '//logs.internal/stream',
      'http://',
      'http://logs.internal:99999/',
    ]),
    ...each(
      'target',
      /^an absolute http: or https: URL$/,
      ['file:///etc/passwd', 'ws://logs.internal', 'data:text/event-stream,x', new URL('ftp://logs.internal/')],
      (value) => JSON.stringify(new URL(value as string).protocol),
    ),
    ...each(
      'target',
      /without credentials/,
      ['http://user:pass@logs.internal/', 'http://user@logs.internal/', new URL('http://:pass@logs.internal/')],
      () => '"one with credentials"',
    ),
    ...each(
      'target',
      /':name' segments of letters, digits and _/,
      ['http://logs.internal/:work-flow/x', 'http://logs.internal/:/x', 'http://logs.internal/:a:b'],
      (value) => JSON.stringify(new URL(value as string).pathname.split('/')[1]),
    ),
  ],
  forwardHeaders: [
    ...strings('forwardHeaders'),
    ...listed(
      each('forwardHeaders', /no cookie: name the cookies in forwardCookies/, ['cookie', 'Cookie'], () => '"cookie"'),
    ),
    ...listed(
      each('forwardHeaders', /names of headers that a proxy may pass on/, unforwardable, (name) =>
        JSON.stringify(String(name).toLowerCase()),
      ),
    ),
  ],
  forwardCookies: strings('forwardCookies'),
  forwardQuery: [
    ...strings('forwardQuery'),
    ...listed(each('forwardQuery', /names other than lastEventId/, ['lastEventId'])),
  ],
  upstreamHeaders: [
    ...each(
      'upstreamHeaders',
      /an object of header names and values, or a function/,
      [null, true, 5, [['x-a', 'b']], new Headers({ 'x-a': 'b' }), new Map([['x-a', 'b']])],
      (value) => (value === 5 ? 'a number' : shown(value)),
    ),
    ...unforwardable.map(
      (name): Wrong => [
        { [name]: 'x' },
        'upstreamHeaders',
        /names of headers that may be set for the upstream/,
        shown(name),
      ],
    ),
    ...inside(
      'X-A',
      each(
        'upstreamHeaders.X-A',
        /no CR, LF or other control character/,
        ['a\rb', 'a\nb', 'a\r\nX-Evil: 1', 'a\0', '\x7f', 'é→'],
        () => '"one"',
      ),
    ),
    ...inside(
      'X-A',
      each('upstreamHeaders.X-A', /a string/, [5, null, undefined, ['a']], (value) => shown(typeof value)),
    ),
  ],
  authorize: fn('authorize'),
  reauthorizeMs: [...duration('reauthorizeMs'), ...each('reauthorizeMs', /authorize to be set too/, [5_000])],
  share: [
    ...each('share', /an object/, [null, 5, 'x', []]),
    ...inside('key', fn('share.key')),
    // By default Authorization is forwarded: users who share must not share what only one of them may see.
    ...inside(
      'key',
      each('share.key', /no credentials of users to be forwarded/, [() => 'all'], () => '"authorization"'),
    ),
    ...inside('ids', each('share.ids', /'upstream' or 'assign'/, ['Assign', '', null, true, 5])),
    ...inside('lingerMs', each('share.lingerMs', /milliseconds/, [-1, Number.NaN, '5000', null, false, 2 ** 31])),
    ...inside('replay', each('share.replay', /an object/, [null, 5, 'x', true, []])),
    ...inside('replay', inside('maxEvents', count('share.replay.maxEvents'))),
    ...inside('replay', inside('maxBytes', count('share.replay.maxBytes'))),
    ...inside('replay', inside('maxAgeMs', durationOnly('share.replay.maxAgeMs'))),
  ],
  resume: [
    ...each('resume', /an object/, [null, 5, 'x', []]),
    ...inside('minDelayMs', durationOnly('resume.minDelayMs')),
    ...inside('maxDelayMs', durationOnly('resume.maxDelayMs')),
    ...inside('maxOutageMs', durationOnly('resume.maxOutageMs')),
    ...inside('maxDelayMs', each('resume.maxDelayMs', /at least resume\.minDelayMs \(1000\)/, [999]), {
      minDelayMs: 1_000,
    }),
  ],
  heartbeatMs: duration('heartbeatMs'),
  retryMs: duration('retryMs'),
  connectTimeoutMs: durationOnly('connectTimeoutMs'),
  headersTimeoutMs: durationOnly('headersTimeoutMs'),
  idleTimeoutMs: duration('idleTimeoutMs'),
  maxDurationMs: duration('maxDurationMs'),
  hookTimeoutMs: durationOnly('hookTimeoutMs'),
  slowClient: [
    ...each('slowClient', /an object/, [null, 5, 'x', true, []]),
    ...inside('maxBufferedBytes', count('slowClient.maxBufferedBytes')),
    ...inside('maxStallMs', durationOnly('slowClient.maxStallMs')),
    ...inside('maxTotalBytes', count('slowClient.maxTotalBytes')),
  ],
  maxEventBytes: count('maxEventBytes'),
  limits: [
    ...each('limits', /an object/, [null, 5, 'x', true, []]),
    ...inside('total', count('limits.total')),
    ...inside('perKey', count('limits.perKey'), { key: () => 'a' }),
    ...inside('opensPerMinute', count('limits.opensPerMinute'), { key: () => 'a' }),
    ...inside('key', fn('limits.key')),
    ...inside(
      'perKey',
      each('limits.perKey', /a key to count by: limits\.key, or authorize that gives \{ key \}/, [5]),
    ),
    ...inside('opensPerMinute', each('limits.opensPerMinute', /a key to count by/, [5])),
    ...inside('acquire', each('limits.acquire', /a function/, [null, 'yes', 5, {}])),
  ],
  refuse: each('refuse', /'soft' or 'status'/, ['hard', 'Soft', '', null, true, false, 503]),
  allowOrigins: [
    ...strings('allowOrigins'),
    ...listed(
      each(
        'allowOrigins',
        /origins such as 'https:\/\/admin\.example', without a path/,
        ['*', 'null', 'admin.example', '//admin.example', 'HTTPS://admin.example', 'https://admin.example/'].concat(
          ['https://admin.example/a', 'https://admin.example?x', 'https://admin.example:443'],
          ['https://u@admin.example', 'https://*.example', 'file:///'],
        ),
      ),
    ).map(([value, ...said]): Wrong => [(value as string[]).slice(1), ...said]),
  ],
  transform: fn('transform'),
  observers: [
    ...each('observers', /an array of observers/, [null, 5, {}, () => {}]),
    ...each('observers[1]', /an object with hooks/, [null, 5, [], () => {}]).map(
      ([value, ...said]): Wrong => [[{}, value], ...said],
    ),
    ...['onOpen', 'onClose', 'onRefuse', 'onEvict', 'onError'].flatMap((hook) =>
      inside(hook, fn(`observers[1].${hook}`)).map(([value, ...said]): Wrong => [[{}, value], ...said]),
    ),
  ],
  dispatcher: each('dispatcher', /an undici Dispatcher/, [null, 5, 'x', {}, [], { dispatch: true }]),
};
