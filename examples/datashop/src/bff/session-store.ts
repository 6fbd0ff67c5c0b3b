import { RedisStore } from 'connect-redis';
import type { Store } from 'express-session';
import { createClient } from 'redis';
import { SqliteSessions } from './sqlite-sessions.ts';

/** A connection whose calls fail is replaced, unless it is younger than this, in milliseconds. */
const renewMs = 5_000;

export interface SessionStore {
  /** A view of the sessions. Throws the error of SQLite if the file can't be opened. */
  createStore(): Store;
  /** Call it when a call of a store has failed, or was not answered. */
  onFailure?(): void;
  /** Ends the connection, if there is one. Call it when no request needs the store any more. */
  close(): void;
}

/**
 * Opens the sessions that all instances share.
 *
 * @param place URL of a Redis (`redis://…`, `rediss://…`), or path of a SQLite file, where all instances run on one
 * machine
 */
export function openSessionStore(place: string): SessionStore {
  return /^rediss?:\/\//.test(place)
    ? redisSessions(place)
    : { createStore: () => new SqliteSessions(place), close: () => {} };
}

/**
 * While Redis is away, calls fail at once: a queue of commands would let each of them wait. A connection that a server
 * has left without a word fails call by call, since a command that was sent has no timeout; so it is replaced.
 */
function redisSessions(url: string): SessionStore {
  const client = createClient({ url, disableOfflineQueue: true });
  let connectedAt = 0;
  // A failure is reported by the call that fails.
  client.on('error', () => {});
  // It reconnects by itself for as long as it takes.
  const connect = () => {
    connectedAt = performance.now();
    client.connect().catch(() => {});
  };
  connect();
  return {
    createStore: () => new RedisStore({ client, prefix: 'datashop:session:' }),
    onFailure: () => {
      if (performance.now() - connectedAt < renewMs) return;
      if (client.isOpen) client.destroy();
      connect();
    },
    close: () => client.isOpen && client.destroy(),
  };
}
