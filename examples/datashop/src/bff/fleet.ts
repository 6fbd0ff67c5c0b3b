import type { FeedRelay, StreamLimiter } from '@datashop/sse-proxy';
import { redisFeeds, redisLimiter } from '@datashop/sse-redis';
import { required } from '../environment.ts';
import type { SessionOptions } from './session.ts';
import { SqliteSessions } from './session-store.ts';
import { streamLimits } from './stream-logs.ts';

/** What the instances of the BFF share. */
export interface Fleet {
  limits: StreamLimiter;
  relay: FeedRelay;
  sessions: SessionOptions;
  /** Call it when the streams have ended. */
  close(): Promise<void>;
}

/** @param redis URL of the Redis that all instances use */
export function joinFleet(redis: string): Fleet {
  const limits = redisLimiter({ redis, limits: streamLimits });
  const relay = redisFeeds({ redis });
  const file = required('SESSION_STORE');
  const sessions = { createStore: () => new SqliteSessions(file), secret: required('SESSION_SECRET') };
  return {
    limits,
    relay,
    sessions,
    close: async () => {
      await limits.close();
      await relay.close();
    },
  };
}
