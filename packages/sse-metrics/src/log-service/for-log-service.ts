import type { RefuseContext, SseObserver, SseProxyError, StreamInfo } from '@datashop/sse-proxy';
import type { LogServiceObserver, LogServiceStream } from '../types.ts';
import { logValues, reasonsByCode } from './log-values.ts';

/**
 * Lets an observer of this package watch the log service: the result belongs into `observers` of `logStreamRouter`.
 *
 * @example
 * ```ts
 * const metrics = sseMetrics({ registry });
 * logStreamRouter({ store, token, observers: [forLogService(metrics), forLogService(accessLog({ log }))] });
 * ```
 */
export function forLogService(observer: SseObserver): LogServiceObserver {
  return {
    onAttach({ routes, stats, streams }) {
      const open = () => streams().map((stream) => ({ ...infoOf(stream), ...pick(stream), ...atTip }));
      const context = {
        name: undefined,
        // The log service's errors don't name the limit.
        rules: [''],
        stats: () => ({ ...noStats, bufferedBytes: stats().bufferedBytes, oldestMs: ageOf(streams()[0]?.since) }),
        streams: open,
        feeds: () => [],
      };
      observer.onAttach?.(Object.assign(context, { routes, values: logValues }));
    },
    onOpen({ stream }) {
      observer.onOpen?.({ stream: infoOf(stream), waitedMs: 0, early: false, lastEventIdHash: undefined });
    },
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

function infoOf({ id, route, key, resumed, workspaceID, workflowID }: LogServiceStream): StreamInfo {
  const params = {
    ...(workspaceID !== undefined && { workspaceId: workspaceID }),
    ...(workflowID !== undefined && { workflowId: workflowID }),
  };
  return { id, route, key, resumed, params };
}

function pick({
  since,
  events,
  bytes,
  bufferedBytes,
}: {
  since: string;
  events: number;
  bytes: number;
  bufferedBytes: number;
}) {
  return { since, events, bytes, bufferedBytes, behindBytes: bufferedBytes };
}

/** The log service's error, with what sse-proxy's has in addition. */
function errorOf(
  error: Parameters<LogServiceObserver['onRefuse']>[0]['error'],
  status: number,
): RefuseContext['error'] {
  const { code, message, retryAfterMs, cause } = error;
  const reason = reasonsByCode[code] ?? 'internal';
  const known = { code: code as SseProxyError['code'], reason, rule: undefined, status, retryAfterMs };
  return Object.assign(new Error(message, { cause }), known) as unknown as SseProxyError;
}

function ageOf(since: string | undefined): number {
  return since === undefined ? 0 : Math.max(0, Date.now() - Date.parse(since));
}

const atTip = { behindEvents: 0, feed: undefined, upstream: 'open' } as const;

const noStats = {
  open: 0,
  opening: 0,
  opened: 0,
  refused: 0,
  evicted: 0,
  events: 0,
  bytes: 0,
  upstreamConnections: 0,
  sharedFeeds: 0,
  replayBytes: 0,
  outageMs: 0,
  draining: false,
};
