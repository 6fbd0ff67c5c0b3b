import './node-version.ts';

export { adminPage } from './admin/admin-page.ts';
export { SseMetricsError, type SseMetricsErrorCode } from './errors.ts';
export { forLogService } from './log-service/for-log-service.ts';
export { accessLog } from './logs/access-log.ts';
export { auditLog } from './logs/audit-log.ts';
export { hashId } from './logs/hash-id.ts';
export { logServiceMetrics } from './metrics/log-service-metrics.ts';
export { redisMetrics } from './metrics/redis-metrics.ts';
export { sseMetrics } from './metrics/sse-metrics.ts';
export type * from './types.ts';
