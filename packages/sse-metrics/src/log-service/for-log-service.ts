import type { RefuseContext, SseObserver, SseProxyError } from '@datashop/sse-proxy';
import type { LogServiceObserver } from '../types.ts';
import { infoOf, inspectableOf } from './inspectable.ts';
import { logValues, reasonsByCode } from './log-values.ts';

/**
 * Adapts an observer of this package to the log service: pass the result in `observers` of `logStreamRouter`.
 *
 * @example
 * ```ts
 * const metrics = sseMetrics({ registry });
 * logStreamRouter({ store, token, observers: [forLogService(metrics), forLogService(accessLog({ log }))] });
 * ```
 */
export function forLogService(observer: SseObserver): LogServiceObserver {
  return {
    onAttach({ routes, rules, ...router }) {
      const context = { name: undefined, rules, ...inspectableOf(router) };
      observer.onAttach?.(Object.assign(context, { routes, values: logValues }));
    },
    onOpen({ stream, waitedMs, lastEventIdHash }) {
      const opening = { waitedMs, early: false, lastEventIdHash, sharedSpan: undefined };
      observer.onOpen?.({ stream: infoOf(stream), ...opening });
    },
    onFirstEvent({ stream, waitedMs }) {
      observer.onFirstEvent?.({ stream: infoOf(stream), waitedMs });
    },
    ...(observer.onEvent && {
      onEvent: ({ stream, event }) => observer.onEvent?.({ stream: infoOf(stream), event }),
    }),
    onRefuse({ stream, error, status }) {
      const context = { stream: infoOf(stream), error: errorOf(error, status) };
      observer.onError?.(context);
      observer.onRefuse?.({ ...context, status, retryMs: error.retryAfterMs });
    },
    onGap({ stream, reason }) {
      const { route } = stream;
      observer.onGap?.({ route, stream: infoOf(stream), reason: reason as never, browsers: 1 });
    },
    onEvict({ stream, bufferedBytes }) {
      observer.onEvict?.({ stream: infoOf(stream), bound: 'maxStallMs', bufferedBytes });
    },
    onClose({ stream, reason, durationMs, events, bytes }) {
      const end = { reason: reason as never, error: undefined, durationMs, events, bytes };
      observer.onClose?.({ stream: infoOf(stream), ...end });
    },
  };
}

/** The log service's error, with the additional fields of sse-proxy's errors. */
function errorOf(
  error: Parameters<LogServiceObserver['onRefuse']>[0]['error'],
  status: number,
): RefuseContext['error'] {
  const { code, message, rule, retryAfterMs, cause } = error;
  const reason = reasonsByCode[code] ?? 'internal';
  const known = { code: code as SseProxyError['code'], reason, rule, status, retryAfterMs };
  return Object.assign(new Error(message, { cause }), known) as unknown as SseProxyError;
}
