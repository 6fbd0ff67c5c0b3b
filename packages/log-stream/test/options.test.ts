import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import {
  LogStreamError,
  type LogStreamOptions,
  logStreamRouter,
  SqliteLogStore,
  type SqliteLogStoreOptions,
} from '../src/index.ts';
import { checkNodeVersion, oldestNode } from '../src/node-version.ts';

const methods =
  'end, newest, resume, locate, idOf, isId, append, query, volume, read, tailOf, subscribe, health, close';
const delay = 'a whole number from 1 to 2147483647, or false';

describe('options of logStreamRouter', () => {
  const store = new SqliteLogStore({ path: ':memory:' });
  after(() => store.close());
  const key = () => 'k';
  const rule = { name: 'x', key, max: 1 };
  const make = (options: unknown) => () => logStreamRouter(options as LogStreamOptions);

  for (const [options, message] of [
    [undefined, 'logStreamRouter options: expected an object, got undefined'],
    ['x', 'logStreamRouter options: expected an object, got "x"'],
    [{}, `option store: expected a LogStore (an object with the methods ${methods}), got undefined`],
    [{ store: { read() {} } }, 'option store: expected a LogStore'],
    [{ store, heartbeatMS: 1 }, 'option heartbeatMS: expected one of store, token, authorize, demoRoute, stream'],
    [{ store, constructor: 1 }, 'option constructor: expected one of'],
    [{ store, token: '' }, 'option token: expected a string of visible ASCII characters'],
    [{ store, heartbeatMs: 0 }, `option heartbeatMs: expected ${delay}, got 0`],
    [{ store, heartbeatMs: Number.NaN }, `option heartbeatMs: expected ${delay}, got NaN`],
    [{ store, heartbeatMs: 2 ** 31 }, `option heartbeatMs: expected ${delay}, got 2147483648`],
    [{ store, heartbeatMs: '15000' }, `option heartbeatMs: expected ${delay}, got "15000"`],
    [{ store, retryMs: -1 }, 'option retryMs: expected a whole number from 0'],
    [{ store, retryMs: true }, 'option retryMs: expected a whole number from 0 to 2147483647, or false, got true'],
    [{ store, limits: 1 }, 'option limits: expected an object, got 1'],
    [{ store, limits: { total: 0 } }, 'option limits.total: expected a whole number from 1'],
    [{ store, limits: { total: false } }, 'option limits.total: expected a whole number from 1'],
    [
      { store, limits: { perKey: 1 } },
      'option limits.perKey: expected one of total, pages, rules, got an unknown option',
    ],
    [{ store, limits: { pages: 0 } }, 'option limits.pages: expected a whole number from 1'],
    [{ store, limits: { rules: {} } }, 'option limits.rules: expected an array, got an object'],
    [{ store, limits: { rules: [5] } }, 'option limits.rules[0]: expected an object, got 5'],
    [{ store, limits: { rules: [{ max: 1 }] } }, 'option limits.rules[0].name: expected a string that is not empty'],
    [
      { store, limits: { rules: [{ name: 'x', key }] } },
      'option limits.rules[0]: expected a bound (max, opensPerMinute',
    ],
    [{ store, limits: { rules: [{ name: 'x', key, max: 0 }] } }, 'option limits.rules[0].max: expected a whole number'],
    [
      { store, limits: { rules: [{ name: 'x', key, opensPerHour: Number.NaN }] } },
      'option limits.rules[0].opensPerHour: expected a whole number from 1 to 10000, or undefined, got NaN',
    ],
    [
      { store, limits: { rules: [{ name: 'total', key, max: 1 }] } },
      'option limits.rules[0].name: expected a name that no',
    ],
    [
      { store, limits: { rules: [rule, rule] } },
      'option limits.rules[1].name: expected a name that no other limit has',
    ],
    [
      { store, limits: { rules: [{ name: 'x', max: 1 }] } },
      'option limits.rules[0].key: expected a function, since there',
    ],
    [{ store, authorize: true }, 'option authorize: expected a function, or undefined, got true'],
    [{ store, demoRoute: 1 }, 'option demoRoute: expected true or false, got 1'],
    [{ store, demoRoute: true, authorize: () => true }, 'option demoRoute: expected false where authorize decides'],
    [{ store, stream: 'no' }, 'option stream: expected true or false, got "no"'],
    [{ store, observers: {} }, 'option observers: expected an array of objects, got an object'],
    [{ store, observers: [() => {}] }, 'option observers: expected an array of objects, got an array'],
    [{ store, observers: [{}, { onOpen: 'x' }] }, 'option observers[1].onOpen: expected a function, got "x"'],
    [
      { store, observers: [{ onClosed: () => {} }] },
      'option observers[0]: expected hooks out of onAttach, onOpen, onFirstEvent, onEvent, onArrive, onRefuse, onGap, onEvict, onClose, got "onClosed"',
    ],
    [{ store, maxStallMs: 1.5 }, `option maxStallMs: expected ${delay}, got 1.5`],
    [{ store, onError: 'x' }, 'option onError: expected a function, got "x"'],
  ] as const) {
    it(`logStreamRouter throws "${message}"`, () => {
      expect(make(options)).to.throw(LogStreamError, message).with.property('code', 'ERR_LOG_STREAM_OPTION');
    });
  }

  it('logStreamRouter never shows a token in an error', () => {
    expect(make({ store, token: 'top\r\nsecret' }))
      .to.throw(LogStreamError, 'got string (not shown)')
      .with.property('message')
      .that.does.not.include('secret');
  });

  it('logStreamRouter accepts false for the heartbeat, retry, the stall limit and the token', () => {
    expect(make({ store, token: false, heartbeatMs: false, retryMs: false, maxStallMs: false })).not.to.throw();
  });

  it('logStreamRouter uses the default for an option that is undefined, and warns without a token', async () => {
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve));
    const undefinedOptions = {
      token: undefined,
      heartbeatMs: undefined,
      limits: { total: undefined },
      onError: undefined,
    };
    expect(make({ store, ...undefinedOptions })).not.to.throw();
    expect((await warning).message).to.match(/^logStreamRouter option token: not set/);
  });
});

describe('options of SqliteLogStore', () => {
  for (const [options, message] of [
    [undefined, 'SqliteLogStore options: expected an object, got undefined'],
    [{}, 'option path: expected a file name or ":memory:", got undefined'],
    [{ path: '' }, 'option path: expected a file name or ":memory:", got ""'],
    [
      { path: ':memory:', max: 1 },
      'option max: expected one of path, maxLogs, maxLogBytes, pollMs, got an unknown option',
    ],
    [{ path: ':memory:', maxLogs: 0 }, 'option maxLogs: expected a whole number from 1'],
    [{ path: ':memory:', pollMs: false }, 'option pollMs: expected a whole number from 1'],
  ] as const) {
    it(`SqliteLogStore throws "${message}"`, () => {
      expect(() => new SqliteLogStore(options as SqliteLogStoreOptions)).to.throw(LogStreamError, message);
    });
  }

  it('SqliteLogStore throws SQLite’s own error if the file cannot be opened', () => {
    expect(() => new SqliteLogStore({ path: '/nowhere/at/all.db' })).to.throw('unable to open database file');
  });
});

describe('Node.js versions', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

  it('log-stream checks for the version that its engines field names', () => {
    expect(manifest.engines.node).to.equal(`>=${oldestNode}`);
  });

  for (const [version, works] of [
    ['18.20.8', false],
    ['20.19.0', false],
    ['22.18.9', false],
    ['22.19.0', true],
    ['23.0.0', true],
    ['24.3.0', true],
  ] as const) {
    it(`log-stream ${works ? 'loads' : 'refuses to load'} on Node.js ${version}`, () => {
      const check = () => checkNodeVersion(version);
      if (works) expect(check).not.to.throw();
      else expect(check).to.throw(LogStreamError, `needs Node.js 22.19 or newer, this is ${version}`);
    });
  }

  it('log-stream reports a Node.js that is too old in one line when it is loaded', () => {
    const entry = new URL('../src/index.ts', import.meta.url).href;
    const program = `Object.defineProperty(process, 'versions', { value: { node: '20.11.1' } });
      import(${JSON.stringify(entry)}).catch((error) => console.log(error.stack));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(stdout).to.equal(
      'LogStreamError [ERR_LOG_STREAM_NODE]: @datashop/log-stream needs Node.js 22.19 or newer, this is 20.11.1\n',
    );
  });
});
