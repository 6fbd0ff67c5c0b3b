import './runtime.ts';

export { clientSubnet } from './config/client-subnet.ts';
export { localLimiter } from './config/limit-rules.ts';
export { SseProxyError, type SseProxyErrorCode, type SseProxyErrorDetails } from './errors.ts';
export { sseRouter } from './router.ts';
export { sseProxy } from './sse-proxy.ts';
export type * from './types.ts';
