import type { RedisMode, RedisPart } from '../types.ts';

export const redisParts: readonly RedisPart[] = ['feeds', 'limits'];
export const redisModes: readonly RedisMode[] = ['starting', 'shared', 'local'];

/** Codes of `SseRedisError` that a connection can fail with. */
export const redisErrorCodes = [
  'ERR_SSE_REDIS_CONNECT',
  'ERR_SSE_REDIS_LOST',
  'ERR_SSE_REDIS_TIMEOUT',
  'ERR_SSE_REDIS_REPLY',
] as const;
