export { SseRedisError, type SseRedisErrorCode } from './errors.ts';
export { redisFeeds } from './feeds/redis-feeds.ts';
export { redisLimiter } from './limits/redis-limiter.ts';
export type * from './types.ts';
