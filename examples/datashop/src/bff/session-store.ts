import { RedisStore } from 'connect-redis';
import type { Store } from 'express-session';
import { createClient } from 'redis';
import { SqliteSessions } from './sqlite-sessions.ts';

/** A connection whose calls fail is replaced, unless it is younger than this, in milliseconds. */
const renewMs = 5_000;

export interface SessionStore {
  /** A view of the sessions. Throws the error of SQLite if the file can't be opened. */
  createStore(): Store;
  /** Call it when a call of a store has failed or timed out. */
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
 * While Redis is away, calls fail at once instead of being queued. If a server vanishes without closing the connection,
 * each call fails only by its own timeout, since sent commands have none; so the connection is replaced.
 */
function redisSessions(url: string): SessionStore {
  const client = createClient({ url, disableOfflineQueue: true });
  let connectedAt = 0;
  // Failures are reported by the calls that fail.
  client.on('error', () => {});
  // The client reconnects by itself, without a limit of attempts.
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
