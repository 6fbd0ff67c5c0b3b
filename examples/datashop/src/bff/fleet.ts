import { redisMetrics } from '@datashop/sse-metrics';
import { type RedisFeeds, type RedisLimiter, redisFeeds, redisLimiter } from '@datashop/sse-redis';
import type { Registry } from 'prom-client';
import { required, secret } from '../environment.ts';
import type { SessionOptions } from './session.ts';
import { openSessionStore } from './session-store.ts';
import { streamLimits } from './stream-logs.ts';

/** What the instances of the BFF share. */
export interface Fleet {
  limits: RedisLimiter;
  relay: RedisFeeds;
  sessions: SessionOptions;
  /** Call it when the streams have ended. */
  close(): Promise<void>;
}

/** @param redis URL of the Redis that all instances use @param registry gets metrics of Redis */
export function joinFleet(redis: string, registry: Registry): Fleet {
  const observers = [redisMetrics({ registry })];
  const limits = redisLimiter({ redis, limits: streamLimits, observers });
  const relay = redisFeeds({ redis, observers });
  const { createStore, onFailure, close } = openSessionStore(required('SESSION_STORE'));
  const sessions = { createStore, onFailure, secret: secret('SESSION_SECRET') };
  return {
    limits,
    relay,
    sessions,
    close: async () => {
      await limits.close();
      await relay.close();
      close();
    },
  };
}
