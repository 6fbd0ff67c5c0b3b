import { hash } from 'node:crypto';
import type { EventContext } from '@datashop/sse-proxy';

/** Levels of the usual loggers. Anything else in an event's data may be a secret and is not logged. */
const levels: ReadonlySet<string> = new Set(
  'TRACE DEBUG INFO NOTICE WARN WARNING ERROR CRITICAL ALERT EMERGENCY FATAL'.split(' '),
);

/**
 * The fields of a debug line that describe an event. The id may be a secret, so the line has a hash of it. `onOpen` has
 * the same hash of the Last-Event-ID of a browser that reconnects, so that the last event it received can be found.
 */
export function messageFields({ id, data }: EventContext['event']): Record<string, unknown> {
  const logLevel = levelOf(data);
  return {
    ...(id !== undefined && { eventIdHash: hash('sha256', id, 'hex').slice(0, 16) }),
    ...(logLevel !== undefined && { logLevel }),
  };
}

/** The level of a log document: its `logLevel`, or `level` in the schema of the proof of concept. */
function levelOf(data: string): string | undefined {
  try {
    const { level, logLevel = level } = JSON.parse(data);
    return levels.has(String(logLevel).toUpperCase()) ? String(logLevel) : undefined;
  } catch {
    // The data is no log document.
    return undefined;
  }
}
