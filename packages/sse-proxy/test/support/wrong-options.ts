import type { SseProxyOptions } from '../../src/types.ts';

/** A wrong value, and what the message must contain: the option's name, what was expected, what arrived. */
export type Wrong = [value: unknown, name: string, expected: RegExp, got: string];

/** How a message shows a value: a string in quotes, and only the kind of an object. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(escaped(value));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? `an object (${value.constructor.name})` : String(value);
}

function each(name: string, expected: RegExp, values: unknown[], got = shown): Wrong[] {
  return values.map((value) => [value, name, expected, got(value)]);
}

/** The same values one level down: in an object under `key`, or as the second item of a list. */
const inside = (key: string, wrongs: Wrong[], rest = {}): Wrong[] =>
  wrongs.map(([value, ...said]) => [{ ...rest, [key]: value }, ...said]);
const listed = (wrongs: Wrong[], first: unknown = 'x-ok'): Wrong[] =>
  wrongs.map(([value, name, ...said]) => [[first, value], `${name}[1]`, ...said]);

const noNumbers = ['5000', Number.NaN, 0, -1, Number.POSITIVE_INFINITY, null, true, [5], {}, 5n];
const duration = (name: string) =>
  each(name, /milliseconds above 0, at most 2147483647, or false/, [...noNumbers, 2 ** 31]);
const durationOnly = (name: string) =>
  each(name, /milliseconds above 0, at most 2147483647$/, [...noNumbers, 2 ** 31, false]);
const count = (name: string) => each(name, /a whole number above 0/, [...noNumbers, false, 1.5, 2 ** 53]);
const fn = (name: string) => each(name, /a function/, [null, 'yes', 5, true, {}]);
const strings = (name: string, what: RegExp, first?: string) => [
  ...each(name, what, ['a, b', null, 5, false, { a: true }]),
  ...listed(each(name, /a string that is not empty/, [5, '', undefined, null, ['a']], shownItem), first),
];
const objects = (name: string) =>
  each(name, /an object/, [null, 5, 'x', [], new Map(), new Date(0), Promise.resolve()], shown);
const unknown = (name: string, key: string, known: RegExp): Wrong[] => [
  [{ [key]: 5 }, `${name}.${key}`, known, 'an unknown name'],
];

/** A hole in a list is as wrong as null. */
function shownItem(value: unknown): string {
  return value === undefined ? 'null' : shown(value);
}

const unforwardable = [
  ...['accept', 'accept-encoding', 'cache-control', 'connection', 'content-encoding', 'content-length', 'expect'],
  ...['forwarded', 'host', 'http2-settings', 'keep-alive', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'via', 'proxy-authorization', 'Proxy-Connection', 'HOST', 'x y', 'x:', 'a\r\nb', 'é', 'a\0'],
];

const unpassable = [
  ...['set-cookie', 'Set-Cookie', 'set-cookie2', 'clear-site-data', 'alt-svc', 'strict-transport-security'],
  ...['access-control-allow-origin', 'Access-Control-Max-Age', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade'],
  ...['transfer-encoding', 'proxy-authenticate', 'content-type', 'content-length', 'content-encoding', 'cache-control'],
  ...['x-accel-buffering', 'x-accel-redirect', 'x y', 'é'],
];

function escaped(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028]/g, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

const aRule = { name: 'user', key: () => 'a', max: 1 };
const ruleMember = (member: string, expected: RegExp, values: unknown[], got = shown): Wrong[] =>
  values.map((value) => [
    { rules: [aRule, { ...aRule, name: 'workflow', [member]: value }] },
    `limits.rules[1].${member}`,
    expected,
    got(value),
  ]);

/** Wrong values of every option. The compiler keeps it exhaustive: an option without a row is an error. */
export const wrongOptions: Record<keyof SseProxyOptions, Wrong[]> = {
  target: [
    ...each('target', /^an absolute http: or https: URL, or source in its place$/, [undefined]),
    ...each('target', /^an absolute http: or https: URL$/, [
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
      () => 'one with credentials',
    ),
    ...each(
      'target',
      /':name' segments of letters, digits and _/,
      ['http://logs.internal/:work-flow/x', 'http://logs.internal/:/x', 'http://logs.internal/:a:b'],
      (value) => JSON.stringify(new URL(value as string).pathname.split('/')[1]),
    ),
  ],
  source: fn('source'),
  name: each('name', /a string of 1 to 200 printable characters/, [
    ...['', 'a\nb', 'a\x85b', 'a\u2028b', 5, null, true, {}],
  ]),
  forwardHeaders: [
    ...strings('forwardHeaders', /an array of header names/),
    ...listed(
      each('forwardHeaders', /no cookie: name the cookies in forwardCookies/, ['cookie', 'Cookie'], () => '"cookie"'),
    ),
    ...listed(
      each('forwardHeaders', /the name of a header field that a proxy may forward/, unforwardable, (name) =>
        JSON.stringify(escaped(String(name).toLowerCase())),
      ),
    ),
  ],
  forwardCookies: [
    ...strings('forwardCookies', /an array of cookie names/),
    ...listed(each('forwardCookies', /a cookie's name/, ['a=b', 'a;b', 'a b', 'é'])),
  ],
  forwardQuery: [
    ...strings('forwardQuery', /an array of parameter names/),
    ...listed(each('forwardQuery', /another name: lastEventId goes up as Last-Event-ID/, ['lastEventId'])),
  ],
  responseHeaders: [
    ...strings('responseHeaders', /an array of header names/),
    ...listed(
      each('responseHeaders', /the name of a header field that an upstream may send to browsers/, unpassable, (name) =>
        JSON.stringify(String(name).toLowerCase()),
      ),
    ),
  ],
  upstreamHeaders: [
    ...each(
      'upstreamHeaders',
      /an object of header names and values, or a function/,
      [null, true, 5, [['x-a', 'b']], new Headers({ 'x-a': 'b' }), new Map([['x-a', 'b']])],
      (value) => (value === 5 ? 'a number' : shown(value)),
    ),
    ...[...unforwardable, 'last-event-id', 'Last-Event-ID'].map(
      (name): Wrong => [
        { [name]: 'x' },
        'upstreamHeaders',
        /names of header fields that may be set for the upstream/,
        shown(escaped(name)),
      ],
    ),
    ...inside(
      'X-A',
      each(
        'upstreamHeaders.X-A',
        /a header value without CR, LF or other control characters/,
        ['a\rb', 'a\nb', 'a\r\nX-Evil: 1', 'a\0', '\x7f', 'é→'],
        () => 'one with them',
      ),
    ),
    ...inside(
      'X-A',
      each('upstreamHeaders.X-A', /a string/, [5, null, undefined, ['a']], (value) => typeof value),
    ),
  ],
  authorize: fn('authorize'),
  reauthorizeMs: [
    ...duration('reauthorizeMs'),
    ...each('reauthorizeMs', /authorize to be set too/, [5_000], () => 'no authorize'),
  ],
  share: [
    ...each('share', /true, false or an object/, [null, 5, 'x', []]),
    ...unknown('share', 'keys', /one of key, ids, transform, join, relay, replay, lingerMs/),
    ...inside('key', fn('share.key')),
    // By default Authorization is forwarded: browsers that share must not share what only one of them may see.
    ...inside(
      'key',
      each('share.key', /no user's credentials to be forwarded/, [() => 'all'], () => '"authorization"'),
    ),
    ...inside('transform', fn('share.transform')),
    ...inside('ids', each('share.ids', /'upstream' or 'assign'/, ['Assign', '', null, true, 5])),
    ...inside('join', each('share.join', /'fresh' or 'live'/, ['Fresh', '', null, true, 5])),
    ...inside('lingerMs', each('share.lingerMs', /0, or milliseconds/, [-1, Number.NaN, '5000', null, false, 2 ** 31])),
    ...inside(
      'relay',
      each('share.relay', /a relay \(an object with an open function\)/, ['redis:', null, {}, { open: 1 }]),
    ),
    ...inside('replay', objects('share.replay')),
    ...inside('replay', unknown('share.replay', 'maxEvent', /one of maxEvents, maxBytes, maxAgeMs/)),
    ...inside('replay', inside('maxEvents', count('share.replay.maxEvents'))),
    ...inside('replay', inside('maxBytes', count('share.replay.maxBytes'))),
    ...inside('replay', inside('maxAgeMs', durationOnly('share.replay.maxAgeMs'))),
  ],
  resume: [
    ...each('resume', /true, false or an object/, [null, 5, 'x', []]),
    ...unknown('resume', 'minDelay', /one of minDelayMs, maxDelayMs, maxOutageMs, afterEnd/),
    ...inside('minDelayMs', durationOnly('resume.minDelayMs')),
    ...inside('maxDelayMs', durationOnly('resume.maxDelayMs')),
    ...inside('maxOutageMs', durationOnly('resume.maxOutageMs')),
    ...inside('afterEnd', each('resume.afterEnd', /'resume' or 'end'/, ['End', '', null, true, false, 5])),
    ...inside('maxDelayMs', each('resume.maxDelayMs', /at least resume\.minDelayMs \(1000\)/, [999]), {
      minDelayMs: 1_000,
    }),
    ...inside(
      'minDelayMs',
      each('resume.maxDelayMs', /at least resume\.minDelayMs \(20000\)/, [20_000], () => '10000'),
    ),
  ],
  heartbeatMs: duration('heartbeatMs'),
  retryMs: duration('retryMs'),
  connectTimeoutMs: durationOnly('connectTimeoutMs'),
  headersTimeoutMs: durationOnly('headersTimeoutMs'),
  openAfterMs: [...duration('openAfterMs'), ...each('openAfterMs', /at most headersTimeoutMs \(120000\)/, [120_001])],
  idleTimeoutMs: duration('idleTimeoutMs'),
  maxDurationMs: duration('maxDurationMs'),
  hookTimeoutMs: durationOnly('hookTimeoutMs'),
  slowClient: [
    ...objects('slowClient'),
    ...unknown('slowClient', 'maxBytes', /one of maxBufferedBytes, maxStallMs, maxTotalBytes/),
    ...inside('maxBufferedBytes', count('slowClient.maxBufferedBytes')),
    ...inside('maxStallMs', durationOnly('slowClient.maxStallMs')),
    ...inside('maxTotalBytes', count('slowClient.maxTotalBytes')),
  ],
  maxEventBytes: count('maxEventBytes'),
  limits: [
    ...objects('limits'),
    ...unknown('limits', 'perUser', /one of total, upstreams, rules/),
    ...inside('total', count('limits.total')),
    ...inside('upstreams', count('limits.upstreams')),
    ...inside('rules', each('limits.rules', /an array of rules/, [null, 5, 'x', {}, true])),
    ...inside('rules', listed(each('limits.rules', /an object/, [null, undefined, 5, 'x', [], () => {}]), aRule)),
    ...ruleMember('name', /a string that is not empty/, ['', 5, null, undefined, {}], shownItem),
    ...ruleMember('name', /a name that no other limit has/, ['user', 'total', 'upstreams']),
    ...ruleMember('key', /a function/, [null, 'user', 5, {}]),
    ...['max', 'opensPerMinute', 'opensPerHour'].flatMap((bound) =>
      ruleMember(bound, /a whole number above 0/, [...noNumbers, false, 1.5, 2 ** 53]),
    ),
    ...inside(
      'rules',
      listed(
        [[{ name: 'workflow' }, 'limits.rules', /a bound: max, opensPerMinute or opensPerHour/, 'without one']],
        aRule,
      ),
    ),
    [{ rules: [{ name: 'a', max: 1, most: 2 }] }, 'limits.rules[0].most', /one of name, key, max/, 'an unknown name'],
    [
      { rules: [{ name: 'a', max: 1 }] },
      'limits.rules a',
      /a key to count by: a key function, or authorize/,
      'no key and no authorize',
    ],
    ...inside('acquire', each('limits.acquire', /a function/, [null, 'yes', 5, {}])),
    ...inside('upstreams', count('limits.upstreams'), { acquire: () => ({}) }),
  ],
  refuse: each('refuse', /'soft' or 'status'/, ['hard', 'Soft', '', null, true, false, 503]),
  allowOrigins: [
    ...strings('allowOrigins', /an array of origins/, 'https://ok.example'),
    ...listed(
      each(
        'allowOrigins',
        /an origin such as 'https:\/\/admin\.example' or 'capacitor:\/\/localhost', without a path/,
        ['*', 'null', 'admin.example', '//admin.example', 'HTTPS://admin.example', 'https://admin.example/'].concat(
          ['https://admin.example/a', 'https://admin.example?x', 'https://admin.example:443'],
          ['https://u@admin.example', 'https://*.example', 'file:///', 'file://host', 'capacitor:', 'capacitor://'],
          ['tauri://localhost/', 'Tauri://localhost', 'app://a?b', 'app://a#b', 'app://u@a', 'data:text/html,x'],
          ['https://b\u00fccher.example', 'https://admin.example\\'],
        ),
        (value) => JSON.stringify(value),
      ),
      'https://ok.example',
    ),
  ],
  transform: fn('transform'),
  observers: [
    ...each('observers', /an array of observers/, [null, 5, {}, () => {}]),
    ...listed(each('observers', /an object with hooks/, [null, undefined, 5, [], () => {}]), {}),
    ...listed([[{ onClosed: () => {} }, 'observers', /hooks out of onAttach, onOpen,/, '"onClosed"']], {}),
    ...[
      'onAttach',
      'onOpen',
      'onFirstEvent',
      'onEvent',
      'onClose',
      'onRefuse',
      'onUpstreamLost',
      'onResume',
      'onGap',
      'onEvict',
      'onError',
    ].flatMap((hook) =>
      inside(hook, fn(`observers[1].${hook}`)).map(([value, ...said]): Wrong => [[{}, value], ...said]),
    ),
  ],
  warnings: each('warnings', /true or false/, [null, 0, 1, 'false', {}]),
  dispatcher: each('dispatcher', /an undici dispatcher/, [null, 5, 'x', {}, [], { dispatch: true }]),
  fastPath: each('fastPath', /true or false/, [null, 0, 1, 'false', {}]),
};
