import { inspect } from 'node:util';
import { expect } from 'chai';
import { LogStreamError } from '../src/errors.ts';
import { MongoLogStore, RedisWakeups } from '../src/stores/mongo/index.ts';

const server = 'mongodb://localhost';
const collection = 'logs';
const store = (options: object) => () => new MongoLogStore(options as never);
const wakeups = (options: object) => () => new RedisWakeups(options as never);
const password = 'Pa55';

describe('options of the MongoDB store', () => {
  for (const [make, message] of [
    [
      store({ collection }),
      'MongoLogStore option server: expected a connection string, or a MongoClient, got undefined',
    ],
    [store({ server }), 'MongoLogStore option collection: expected a string that is not empty, got undefined'],
    [store({ server, collection, changeStream: true }), "option changeStream: expected 'auto', or false, got true"],
    [store({ server, collection, wakeups: {} }), 'option wakeups: expected an object with the method subscribe'],
    [store({ server, collection, pollMS: 5 }), 'MongoLogStore option pollMS: expected one of server, collection'],
    [wakeups({}), 'RedisWakeups option url: expected redis://… or rediss://…, got undefined'],
    [
      wakeups({ url: 'localhost' }),
      'RedisWakeups option url: expected redis://… or rediss://…, got string (not shown)',
    ],
  ] as const) {
    it(`throws "${message}"`, () => {
      expect(make).to.throw(LogStreamError, message).with.property('code', 'ERR_LOG_STREAM_OPTION');
    });
  }

  for (const [what, make] of [
    ['a connection string with a misspelt scheme', store({ server: `mongo://user:${password}@host`, collection })],
    ['a connection string without a host', store({ server: `mongodb://user:${password}@`, collection })],
    ['a URL of Redis with a misspelt scheme', wakeups({ url: `redi://user:${password}@host` })],
  ] as const) {
    it(`shows no password of ${what}, also in the error's details [R56]`, () => {
      let thrown: unknown;
      try {
        make();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.be.instanceOf(LogStreamError);
      expect(inspect(thrown)).to.not.include(password);
    });
  }
});
