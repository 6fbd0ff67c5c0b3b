import type { EventContext, EvictContext, SseObserver, StreamInfo } from '@datashop/sse-proxy';
import { checkOptions, hasMethods, isRecord, refuse } from '../options.ts';
import { printable } from '../printable.ts';
import type { AccessLogOptions } from '../types.ts';
import { defaultParams, errorFields, streamFields } from './fields.ts';
import { messageFields } from './message-line.ts';

/** Identifies a feed: that of one stream, or a shared one. */
interface Feed {
  readonly route: string;
  readonly stream: StreamInfo | undefined;
}

/**
 * An observer that logs one line for each stream that opens, each stream that ends and each refusal. For an upstream
 * that is lost or back, and for a gap, it logs one line for all browsers that share the feed. A line contains no event
 * data, cookie, token, query or event id.
 *
 * @example
 * ```ts
 * const log = pino();
 * sseProxy({ target, observers: [accessLog({ log })] });
 * ```
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION` if an option is unknown or wrong
 */
export function accessLog(options: AccessLogOptions): SseObserver {
  checkOptions('accessLog', options, { log: isLogger }, { params: isParams, user: isFlag, messages: isFlag });
  const { log, params = defaultParams, user = true } = options;
  const { messages = log.isLevelEnabled?.('debug') ?? false } = options;
  if (messages && !log.debug) refuse('accessLog option messages', 'false with a logger that has no debug', messages);
  const fieldsOf = (stream: StreamInfo) => streamFields(stream, params, user);
  const feedFields = ({ route, stream }: Feed) => (stream ? fieldsOf(stream) : { route: printable(route) });
  // By stream. `onClose` follows `onEvict` at once.
  const exceeded = new Map<string, EvictContext['bound']>();

  // Each hook returns what the logger returns: if that is a promise, its rejection is ignored as that of a hook.
  return {
    onOpen({ stream, waitedMs, early }) {
      const { resumed } = stream;
      return log.info(
        { ...fieldsOf(stream), resumed, early, waitedMs: Math.round(waitedMs) },
        'SSE connection established',
      );
    },
    // The proxy parses events only if the hook is there.
    ...(messages && {
      onEvent: ({ stream, event }: EventContext) =>
        log.debug?.({ ...fieldsOf(stream), ...messageFields(event) }, 'SSE message sent'),
    }),
    onEvict({ stream, bound }) {
      exceeded.set(stream.id, bound);
    },
    onClose({ stream, reason, error, durationMs, events, bytes }) {
      const bound = exceeded.get(stream.id);
      exceeded.delete(stream.id);
      const end = { reason, ...(bound && { bound }), durationMs: Math.round(durationMs), events, bytes };
      const line = { ...fieldsOf(stream), ...end, ...(error && errorFields(error)) };
      return error || bound ? log.warn(line, 'SSE connection closed') : log.info(line, 'SSE connection closed');
    },
    onRefuse({ stream, error, status, retryMs }) {
      const { reason } = error;
      const line = { ...fieldsOf(stream), reason, ...errorFields(error), status, retryMs };
      const isPlanned = reason === 'draining';
      return isPlanned ? log.info(line, 'SSE connection refused') : log.warn(line, 'SSE connection refused');
    },
    onUpstreamLost({ error, attempts, browsers, ...feed }) {
      return log.warn({ ...feedFields(feed), ...errorFields(error), attempts, browsers }, 'SSE upstream lost');
    },
    onResume({ attempts, outageMs, browsers, ...feed }) {
      const outage = { attempts, outageMs: Math.round(outageMs), browsers };
      return log.warn({ ...feedFields(feed), ...outage }, 'SSE upstream is back');
    },
    onGap({ reason, browsers, ...feed }) {
      return log.warn({ ...feedFields(feed), reason, browsers }, 'SSE gap reported');
    },
  };
}

const isLogger = [
  'an object with info and warn, such as a pino logger',
  (value: unknown) => hasMethods(value, 'info', 'warn'),
] as const;
const isFlag = ['true or false', (value: unknown) => typeof value === 'boolean'] as const;
const isParams = [
  "an object such as { workflow: ['workflowId'] }",
  (value: unknown) =>
    isRecord(value) &&
    Object.values(value).every((names) => Array.isArray(names) && names.every((name) => typeof name === 'string')),
] as const;
