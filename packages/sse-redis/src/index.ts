export { SseRedisError, type SseRedisErrorCode } from './errors.ts';
export { redisLimiter } from './limits/redis-limiter.ts';
export type * from './types.ts';
