import { RedisStore } from 'connect-redis';
import type { Store } from 'express-session';
import { createClient } from 'redis';
import { SqliteSessions } from './sqlite-sessions.ts';

/** Milliseconds until a command that Redis does not answer fails. */
const commandTimeoutMs = 2_000;

export interface SessionStore {
  /** A view of the sessions. Throws the error of SQLite if the file can't be opened. */
  createStore(): Store;
  /** Ends the connection, if there is one. Call it when no request needs the store any more. */
  close(): void;
}

/**
 * Opens the sessions that all instances share.
 *
 * @param place URL of a Redis (`redis://…`, `rediss://…`), or path of a SQLite file, where all instances run on one machine
 */
export function openSessionStore(place: string): SessionStore {
  return /^rediss?:\/\//.test(place)
    ? redisSessions(place)
    : { createStore: () => new SqliteSessions(place), close: () => {} };
}

/** While Redis is away, requests fail at once: a queue of commands would let each of them hang. */
function redisSessions(url: string): SessionStore {
  const client = createClient({ url, disableOfflineQueue: true, commandOptions: { timeout: commandTimeoutMs } });
  let failing = false;
  client.on('ready', () => {
    failing = false;
  });
  client.on('error', ({ message, code }: NodeJS.ErrnoException) => {
    if (!failing) console.error(`bff: the session store can't be reached (${code ?? message})`);
    failing = true;
  });
  // It reconnects by itself for as long as it takes; what fails is reported above.
  client.connect().catch(() => {});
  return {
    createStore: () => new RedisStore({ client, prefix: 'datashop:session:' }),
    close: () => client.isOpen && client.destroy(),
  };
}
