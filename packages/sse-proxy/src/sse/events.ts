import type { GapReason, SseEvent } from '../types.ts';

/** A heartbeat. [spec] a line that starts with a colon is a comment, ignored by every parser. */
export const heartbeatBytes = Buffer.from(':\n\n');

/** The reconnection time, as the first line of a stream. */
export function retryBytes(retryMs: number): Buffer {
  return Buffer.from(`retry: ${Math.round(retryMs)}\n\n`);
}

/** One of our own in-band events. It never has an id, so the browser's cursor stays the upstream's. */
export function ownEvent(
  name: 'refused' | 'end' | 'gap' | 'upstream',
  data: Record<string, unknown>,
  retryMs?: number,
): Buffer {
  const event: SseEvent = { event: `sse-proxy:${name}`, data: JSON.stringify(data) };
  if (retryMs !== undefined) event.retry = Math.round(retryMs);
  return Buffer.from(serializeEvent(event));
}

/** Says that events may be missing, why, and between which times. */
export function gapBytes({ reason, from, to }: { reason: GapReason; from: number; to: number }): Buffer {
  return ownEvent('gap', { reason, from: new Date(from).toISOString(), to: new Date(to).toISOString() });
}

/** What `sse-proxy:upstream` reports: why no events can arrive, or that they can again. */
export type UpstreamState = 'connecting' | 'lost' | 'silent' | 'restored';

/** The event that reports the upstream's state since `since`, in milliseconds since the epoch [R43]. */
export function upstreamStateBytes(state: UpstreamState, since: number): Buffer {
  return ownEvent('upstream', { state, since: new Date(since).toISOString() });
}

/** Writes an event; CR, LF and NUL cannot break out of any field. */
export function serializeEvent(event: SseEvent): string {
  let text = '';
  if (event.id !== undefined) text += `id: ${oneLine(event.id)}\n`;
  if (event.event !== undefined) text += `event: ${oneLine(event.event)}\n`;
  if (event.retry !== undefined && Number.isSafeInteger(event.retry) && event.retry >= 0)
    text += `retry: ${event.retry}\n`;
  for (const line of String(event.data).split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/** A lone id moves the browser's cursor without dispatching anything. */
export function serializeId(id: string): string {
  return `id: ${oneLine(id)}\n\n`;
}

function oneLine(value: unknown): string {
  return String(value).replace(/[\r\n\0]/g, '');
}

/** Reads one whole event. [spec] server-sent-events, "interpreting an event stream" */
export function parseEvent(bytes: Buffer): SseEvent {
  const event: SseEvent = { data: '' };
  const data: string[] = [];
  let type = '';
  for (const line of bytes.toString('utf8').split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':');
    if (line === '' || colon === 0) continue;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (name === 'data') data.push(value);
    else if (name === 'event') type = value;
    else if (name === 'id' && !value.includes('\0')) event.id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) event.retry = Number(value);
  }
  if (type) event.event = type;
  event.data = data.join('\n');
  return event;
}
