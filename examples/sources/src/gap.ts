import type { GapReason, SseEvent } from '@datashop/sse-proxy';

/**
 * The event by which a source reports that events may be missing here. Browsers get it as any other gap of sse-proxy.
 */
export function gap(reason: GapReason): SseEvent {
  const now = new Date().toISOString();
  return { event: 'sse-proxy:gap', data: JSON.stringify({ reason, from: now, to: now }) };
}
