import { expect } from 'chai';
import { iterate } from '../src/events.ts';
import { createEventStream } from '../src/index.ts';
import { parseWith } from '../src/parse.ts';
import { localPersistence } from '../src/persist.ts';
import { sharedTabs } from '../src/tabs.ts';
import type { EventStreamOptions, PersistOptions } from '../src/types.ts';

const count = 'a whole number from 1 to 2147483647';

const wrong: [name: string, value: unknown, expected: string, got: string][] = [
  ['autoConnect', 1, 'true or false', '1'],
  ['headers', 'x', 'an object of strings or a function', '"x"'],
  ['headers', { a: 1 }, 'an object of strings or a function', 'an object'],
  ['headers', null, 'an object of strings or a function', 'null'],
  ['credentials', 'yes', 'one of same-origin, include, omit', '"yes"'],
  ['lastEventId', 7, 'a string', '7'],
  ...['maxEntries', 'maxEventChars', 'minDelayMs', 'maxDelayMs', 'stableMs'].flatMap((name) =>
    [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31].map(
      (value) => [name, value, count, String(value)] as never,
    ),
  ),
  ['fetch', '/x', 'a function', '"/x"'],
  ['onResponse', {}, 'a function', 'an object'],
  ['temporaryStatuses', [404], 'an object of true or false', 'an array'],
  ['temporaryStatuses', { 404: 'yes' }, 'an object of true or false', 'an object'],
  ['maxRetries', -1, `0 or ${count} or false`, '-1'],
  ['maxRetries', true, `0 or ${count} or false`, 'true'],
  ['signal', new AbortController(), 'an AbortSignal', 'an object'],
  ['maxEntries', '5', count, '"5"'],
  ['minDelayMs', '5', count, '"5"'],
  ['watchdogMs', true, `${count} or false`, 'true'],
  ['watchdogMs', Number.NaN, `${count} or false`, 'NaN'],
  ...[true, [], { scope: 'a' }].map(
    (value) =>
      [
        'persist',
        value,
        'localPersistence() of @datashop/sse-client/persist or false',
        Array.isArray(value) ? 'an array' : value === true ? 'true' : 'an object',
      ] as never,
  ),
  ['tabs', true, 'sharedTabs() of @datashop/sse-client/tabs or false', 'true'],
  ['tabs', { scope: 'a' }, 'sharedTabs() of @datashop/sse-client/tabs or false', 'an object'],
  ...[JSON.parse, { log: JSON.parse }].map(
    (value) => ['parse', value, 'parseWith() of @datashop/sse-client/parse', 'an object'] as never,
  ),
];

const wrongPersist: [name: string, value: object, expected: string, got: string][] = [
  ['scope', {}, 'a string that names the user', 'undefined'],
  ['scope', { scope: '' }, 'a string that names the user', '""'],
  ['maxBytes', { scope: 'a', maxBytes: 0 }, count, '0'],
  ['debounceMs', { scope: 'a', debounceMs: Number.NaN }, count, 'NaN'],
  ['storage', { scope: 'a', storage: {} }, 'a Storage', 'an object'],
  ['storage', { scope: 'a', storage: null }, 'a Storage', 'null'],
];

describe('the options', () => {
  const make = (options: unknown) => createEventStream('http://localhost/', options as EventStreamOptions);
  const refused = (act: () => unknown, message: string) =>
    expect(act).to.throw(TypeError, message).with.property('message', message);

  for (const [name, value, expected, got] of wrong) {
    it(`rejects the option ${name}: ${String(value)}`, () => {
      refused(() => make({ [name]: value }), `sse-client option ${name}: expected ${expected}, got ${got}`);
    });
  }

  for (const [name, persist, expected, got] of wrongPersist) {
    it(`localPersistence() rejects ${JSON.stringify(persist)}`, () => {
      refused(
        () => localPersistence(persist as PersistOptions),
        `sse-client option persist.${name}: expected ${expected}, got ${got}`,
      );
    });
  }

  it('parseWith() rejects what is neither a function, nor a schema, nor an object of these', () => {
    for (const [rules, got] of [
      ['x', '"x"'],
      [null, 'null'],
      [[JSON.parse], 'an array'],
      [{ log: 'x' }, 'an object'],
    ])
      refused(
        () => parseWith(rules as never),
        `sse-client option parse: expected a function, a Standard Schema, or an object of these, got ${got}`,
      );
  });

  it('sharedTabs() rejects a wrong or unknown option', () => {
    refused(() => sharedTabs({ scope: 5 as never }), 'sse-client option tabs.scope: expected a string, got 5');
    refused(() => sharedTabs({ name: 'a' } as never), 'sse-client option tabs.name: expected one of scope, got "name"');
  });

  it('iterate() rejects a wrong or unknown option', () => {
    const stream = createEventStream('/');
    refused(() => iterate(stream, { maxQueued: 0 }), `sse-client option iterate.maxQueued: expected ${count}, got 0`);
    refused(
      () => iterate(stream, { max: 1 } as never),
      'sse-client option iterate.max: expected one of maxQueued, got "max"',
    );
  });

  it('rejects an unknown option, also one named like a member of every object', () => {
    for (const [name, options] of Object.entries({ retries: { retries: 3 }, toString: { toString: 1 } }))
      expect(() => make(options)).to.throw(
        TypeError,
        new RegExp(`option ${name}: expected one of autoConnect, .*tabs, got "${name}"$`),
      );
    expect(() => localPersistence({ scope: 'a', ttl: 1 } as never)).to.throw(
      TypeError,
      'option persist.ttl: expected one of scope, ',
    );
    expect(() => make(null)).to.throw(TypeError, 'option options: expected an object, got null');
  });

  it('accepts options that are left out or undefined', () => {
    make(undefined);
    make({ maxEntries: undefined, watchdogMs: undefined, fetch: undefined, signal: undefined });
    make({ persist: localPersistence({ scope: 'a', maxBytes: undefined as never }) });
    make({
      watchdogMs: false,
      persist: false,
      tabs: sharedTabs({ scope: 'user-7' }),
      headers: () => ({}),
      maxEntries: 1,
      stableMs: 2 ** 31 - 1,
    });
  });

  it('keeps the contents of an object out of the error about an option', () => {
    expect(() => make({ headers: { authorization: 5, x: 'secret' } }))
      .to.throw(TypeError)
      .with.property('message')
      .that.does.not.include('secret');
  });

  it('accepts an http(s) URL or a relative one, and rejects others', () => {
    for (const url of ['/path', 'relative', 'https://x/', 'http://x:1/?a=b']) createEventStream(url);
    for (const url of ['ftp://x/', 'javascript:1', 'http://', 7, undefined])
      expect(() => createEventStream(url as string)).to.throw(
        TypeError,
        'option url: expected an http(s) URL or a path',
      );
  });
});
