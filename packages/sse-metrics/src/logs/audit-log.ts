import { randomBytes } from 'node:crypto';
import type { SseObserver, StreamInfo } from '@datashop/sse-proxy';
import { checkOptions, hasMethods } from '../options.ts';
import { printable } from '../printable.ts';
import type { AuditLogOptions } from '../types.ts';
import { hashId } from './hash-id.ts';

/**
 * An observer that logs who did what, when, and with which outcome: one line for each open, refusal, resume, gap and
 * close. User keys, route parameters and the fields that `authorize` returned are hashed, see {@link hashId}. Event
 * data, event ids, cookies, tokens and queries never appear.
 *
 * @throws SseMetricsError `ERR_SSE_METRICS_OPTION` if an option is unknown or wrong
 */
export function auditLog(options: AuditLogOptions): SseObserver {
  checkOptions('auditLog', options, { log: isLogger }, { secret: isSecret });
  const { log, secret = randomBytes(32).toString('base64url') } = options;

  // Each hook returns what the logger returns: if that is a promise, its rejection is ignored as that of a hook.
  const write = (action: string, outcome: string, fields: object) =>
    log.info({ audit: 'sse', action, at: new Date().toISOString(), outcome, ...fields }, 'SSE audit');
  const subject = (stream: StreamInfo) => {
    const named = Object.entries({ ...stream.params, ...stream.fields });
    const what = named.map(([name, value]) => [name, hashId(String(value), secret)]);
    return {
      who: stream.key === undefined ? null : hashId(stream.key, secret),
      connection: stream.id,
      route: printable(stream.route),
      what: Object.fromEntries(what),
    };
  };
  const feed = (route: string, stream: StreamInfo | undefined) =>
    stream ? subject(stream) : { who: null, route: printable(route) };

  return {
    onOpen: ({ stream, lastEventIdHash }) =>
      write('open', 'allowed', {
        ...subject(stream),
        resumed: stream.resumed,
        ...(lastEventIdHash && { lastEventIdHash }),
      }),
    onRefuse: ({ stream, error: { code, reason, rule }, status }) =>
      write('refuse', reason, { ...subject(stream), code, ...(rule !== undefined && { rule }), status }),
    onResume: ({ route, stream, attempts, outageMs, browsers }) =>
      write('resume', 'restored', { ...feed(route, stream), attempts, outageMs: Math.round(outageMs), browsers }),
    onGap: ({ route, stream, reason, browsers }) => write('gap', reason, { ...feed(route, stream), browsers }),
    onClose: ({ stream, reason, error, durationMs, events, bytes }) =>
      write('close', reason, {
        ...subject(stream),
        ...(error && { code: error.code }),
        durationMs: Math.round(durationMs),
        events,
        bytes,
      }),
  };
}

const isLogger = ['an object with info, such as a pino logger', (value: unknown) => hasMethods(value, 'info')] as const;
const isSecret = [
  'a string of at least 16 characters',
  (value: unknown) => typeof value === 'string' && value.length >= 16,
] as const;
