import type { RefuseContext, SseObserver, SseProxyError } from '@datashop/sse-proxy';
import type { LogServiceObserver } from '../types.ts';
import { infoOf, inspectableOf } from './inspectable.ts';
import { logValues, reasonsByCode } from './log-values.ts';

/**
 * Adapts an observer of this package to the log service: pass the result in `observers` of `logStreamRouter`. A hook
 * returns what the observer's hook returns, so that the log service can ignore a rejection.
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
      return observer.onAttach?.(Object.assign(context, { routes, values: logValues }));
    },
    onOpen({ stream, waitedMs, lastEventIdHash }) {
      const opening = { waitedMs, early: false, lastEventIdHash, sharedSpan: undefined };
      return observer.onOpen?.({ stream: infoOf(stream), ...opening });
    },
    onFirstEvent({ stream, waitedMs }) {
      return observer.onFirstEvent?.({ stream: infoOf(stream), waitedMs });
    },
    ...(observer.onEvent && {
      onEvent: ({ stream, event }) => observer.onEvent?.({ stream: infoOf(stream), event }),
    }),
    onRefuse({ stream, error, status }) {
      const context = { stream: infoOf(stream), error: errorOf(error, status) };
      return callAll(
        () => observer.onError?.(context),
        () => observer.onRefuse?.({ ...context, status, retryMs: error.retryAfterMs }),
      );
    },
    onGap({ stream, reason }) {
      const { route } = stream;
      return observer.onGap?.({ route, stream: infoOf(stream), reason: reason as never, browsers: 1 });
    },
    onEvict({ stream, bufferedBytes }) {
      return observer.onEvict?.({ stream: infoOf(stream), bound: 'maxStallMs', bufferedBytes });
    },
    onClose({ stream, reason, durationMs, events, bytes }) {
      const end = { reason: reason as never, error: undefined, durationMs, events, bytes };
      return observer.onClose?.({ stream: infoOf(stream), ...end });
    },
  };
}

/** Calls all hooks, even if one throws. Rejects if one of them throws or rejects. */
function callAll(...hooks: (() => unknown)[]): void {
  return Promise.all(hooks.map(async (hook) => hook())) as unknown as undefined;
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
