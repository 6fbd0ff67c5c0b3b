import type { MongoClient } from 'mongodb';
import { type Complete, count, delay, type Kind, type Rules } from '../../options.ts';
import type { Wakeups } from './wakeups.ts';

/** Options of `MongoLogStore`. `undefined` means left out. */
export interface MongoLogStoreOptions {
  /**
   * The server: a connection string, or a `MongoClient` of the driver, which the store does not close. A connection
   * string may have all options of the driver.
   */
  server: string | MongoClient;
  /** The collection of the logs. */
  collection: string;
  /** The database of the collection. @defaultValue the one of the connection string */
  database?: string | undefined;
  /**
   * `auto`: new logs come by a change stream if the server is a replica set or a sharded cluster and the user may open
   * one, and by polls otherwise. `false`: by polls only.
   * @defaultValue 'auto'
   */
  changeStream?: 'auto' | false | undefined;
  /** Milliseconds between two polls of a workflow while it has subscribers. @defaultValue 1_000 */
  pollMs?: number | undefined;
  /**
   * Milliseconds within which a document becomes visible after its ObjectId was made. Each poll reads the ids of this
   * much time again.
   * @defaultValue 2_000
   */
  settleMs?: number | undefined;
  /**
   * Documents that become visible later, but within this time, are found by a poll that reads more.
   * @defaultValue 60_000
   */
  lateMs?: number | undefined;
  /** Milliseconds between two polls for such documents. @defaultValue 30_000 */
  lateEveryMs?: number | undefined;
  /** Messages that announce new logs, for instance over Redis: the store then polls at once. @defaultValue none */
  wakeups?: Wakeups | undefined;
  /**
   * Most bytes of one log as JSON in UTF-8. A gap takes the place of a larger one. The default fits into the 1 MiB that
   * `@datashop/sse-proxy` passes on. @defaultValue 1_000_000
   */
  maxLogBytes?: number | undefined;
  /** Milliseconds after which the server aborts a command. @defaultValue 5_000 */
  maxTimeMs?: number | undefined;
}

const text: Kind = ['a string that is not empty', (value) => typeof value === 'string' && value !== ''];
const object = (value: unknown) => typeof value === 'object' && value !== null;
const none: Kind = ['undefined', (value) => value === undefined];

export const rules: Rules<keyof MongoLogStoreOptions> = {
  server: [
    undefined,
    ['a connection string', (value) => typeof value === 'string' && /^mongodb(\+srv)?:\/\//.test(value)],
    ['a MongoClient', (value) => object(value) && typeof (value as MongoClient).db === 'function'],
  ],
  collection: [undefined, text],
  database: [undefined, text, none],
  changeStream: ['auto', ["'auto'", (value) => value === 'auto'], ['false', (value) => value === false]],
  pollMs: [1_000, delay],
  settleMs: [2_000, delay],
  lateMs: [60_000, delay],
  lateEveryMs: [30_000, delay],
  wakeups: [
    undefined,
    [
      'an object with the method subscribe',
      (value) => object(value) && typeof (value as Wakeups).subscribe === 'function',
    ],
    none,
  ],
  maxLogBytes: [1_000_000, count],
  maxTimeMs: [5_000, delay],
};

/** The checked options of a store. */
export type MongoConfig = Complete<Omit<MongoLogStoreOptions, 'database' | 'wakeups'>> &
  Pick<MongoLogStoreOptions, 'database' | 'wakeups'>;
