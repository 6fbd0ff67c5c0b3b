import { expect } from 'chai';
import { type LogStreamOptions, logStreamRouter, SqliteLogStore, type SqliteLogStoreOptions } from '../src/index.ts';

const METHODS = 'epoch, bounds, append, query, read, subscribe, close';

describe('the options of logStreamRouter', () => {
  const store = new SqliteLogStore({ path: ':memory:' });
  after(() => store.close());
  const make = (options: unknown) => () => logStreamRouter(options as LogStreamOptions);

  for (const [name, options, message] of [
    ['nothing', undefined, 'logStreamRouter: expected an object of options, got undefined'],
    ['text', 'x', 'logStreamRouter: expected an object of options, got "x"'],
    ['no store', {}, `option "store" must be a LogStore (an object with the methods ${METHODS}), got undefined`],
    ['half a store', { store: { read() {} } }, 'option "store" must be a LogStore'],
    ['an unknown name', { store, pingMS: 1 }, 'unknown option "pingMS", expected one of store, token, pingMs, retryMs'],
    ['a name of Object', { store, constructor: 1 }, 'unknown option "constructor"'],
    ['a token left undefined', { store, token: undefined }, 'option "token" must be a string of visible ASCII'],
    ['an empty token', { store, token: '' }, 'option "token" must be'],
    ['pingMs 0', { store, pingMs: 0 }, 'option "pingMs" must be a whole number from 1 to 2147483647, or false, got 0'],
    ['pingMs NaN', { store, pingMs: Number.NaN }, 'got NaN'],
    ['pingMs too long for a timer', { store, pingMs: 2 ** 31 }, 'got 2147483648'],
    [
      'pingMs as text',
      { store, pingMs: '15000' },
      'option "pingMs" must be a whole number from 1 to 2147483647, or false, got "15000"',
    ],
    ['retryMs -1', { store, retryMs: -1 }, 'option "retryMs" must be a whole number from 0'],
    ['retryMs true', { store, retryMs: true }, 'got true'],
    ['maxStreams 0', { store, maxStreams: 0 }, 'option "maxStreams" must be a whole number from 1'],
    ['maxStreams false', { store, maxStreams: false }, 'option "maxStreams" must be'],
    ['maxStallMs 1.5', { store, maxStallMs: 1.5 }, 'option "maxStallMs" must be'],
    ['onError as text', { store, onError: 'x' }, 'option "onError" must be a function, got "x"'],
  ] as const) {
    it(`refuse ${name}`, () => expect(make(options)).to.throw(TypeError, message));
  }

  it('never show a token', () => {
    expect(make({ store, token: 'top\r\nsecret' }))
      .to.throw(TypeError, 'got string (not shown)')
      .with.property('message')
      .that.does.not.include('secret');
  });

  it('may switch pings, retry and the stall limit off', () => {
    expect(make({ store, pingMs: false, retryMs: false, maxStallMs: false })).not.to.throw();
  });
});

describe('the options of SqliteLogStore', () => {
  for (const [name, options, message] of [
    ['nothing', undefined, 'SqliteLogStore: expected an object of options, got undefined'],
    ['no path', {}, 'option "path" must be a file name or ":memory:", got undefined'],
    ['an empty path', { path: '' }, 'got ""'],
    ['an unknown name', { path: ':memory:', max: 1 }, 'unknown option "max", expected one of path, maxLogs, pollMs'],
    ['maxLogs 0', { path: ':memory:', maxLogs: 0 }, 'option "maxLogs" must be a whole number from 1'],
    ['pollMs false', { path: ':memory:', pollMs: false }, 'option "pollMs" must be a whole number from 1'],
  ] as const) {
    it(`refuse ${name}`, () => {
      expect(() => new SqliteLogStore(options as SqliteLogStoreOptions)).to.throw(TypeError, message);
    });
  }

  it('give SQLite’s own error when the file can’t be opened', () => {
    expect(() => new SqliteLogStore({ path: '/nowhere/at/all.db' })).to.throw('unable to open database file');
  });
});
