import type { GapReason, SseEvent } from '../types.ts';

/**
 * A heartbeat. [spec] a line that starts with a colon is a comment. No empty line follows: some clients dispatch a
 * message at every empty line.
 */
export const heartbeatBytes = Buffer.from(':\n');

/**
 * The browser's reconnection time in milliseconds, as one line. No empty line follows, as with {@link heartbeatBytes}.
 */
export function retryBytes(retryMs: number): Buffer {
  return Buffer.from(`retry: ${Math.round(retryMs)}\n`);
}

/** The prefix of the types of all in-band events. */
export const controlPrefix = 'sse-proxy:';
/** The type of a gap event. */
export const gapType = `${controlPrefix}gap`;
const controlStart = Buffer.from(`event: ${controlPrefix}`);

/** One of our own in-band events. It has no id, so the browser's cursor remains the upstream's. */
export function controlEvent(
  name: 'refused' | 'end' | 'gap' | 'upstream',
  data: Record<string, unknown>,
  retryMs?: number,
): Buffer {
  const event: SseEvent = { event: `${controlPrefix}${name}`, data: JSON.stringify(data) };
  if (retryMs !== undefined) event.retry = Math.round(retryMs);
  return Buffer.from(serializeEvent(event));
}

/** True if the frame is an in-band event of another proxy, which may be this proxy's upstream. */
export function isControlEvent(buffer: Buffer, start: number, end: number): boolean {
  const to = start + controlStart.length;
  return to < end && buffer[start] === controlStart[0] && buffer.compare(controlStart, 0, undefined, start, to) === 0;
}

/** True if the in-band event is a gap. */
export function isGapEvent(bytes: Buffer): boolean {
  return bytes.subarray(controlStart.length, controlStart.length + 4).toString('latin1') === 'gap\n';
}

/** What `sse-proxy:upstream` reports: why no events can arrive, or that they can again. */
export type UpstreamState = 'connecting' | 'lost' | 'silent' | 'restored';

/** The event that reports the upstream's state since `since`, in milliseconds since the epoch [R43]. */
export function upstreamStateBytes(state: UpstreamState, since: number): Buffer {
  return controlEvent('upstream', { state, since: new Date(since).toISOString() });
}

/**
 * A gap event: events may be missing between `from` and `to`, in milliseconds since the epoch. `id` is that of the
 * missing event, if exactly one is missing and its id is known.
 */
export function gapBytes({
  reason,
  from,
  to,
  id,
}: {
  reason: GapReason;
  from: number;
  to: number;
  id?: string;
}): Buffer {
  const data = { reason, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return controlEvent('gap', id === undefined ? data : { ...data, id: Buffer.from(id, 'latin1').toString('utf8') });
}

/** Serialises an event. CR, LF and NUL can't break out of any field. */
export function serializeEvent(event: SseEvent): string {
  let text = '';
  if (event.id !== undefined) text += `id: ${oneLine(event.id)}\n`;
  if (event.event !== undefined) text += `event: ${oneLine(event.event)}\n`;
  if (event.retry !== undefined && Number.isSafeInteger(event.retry) && event.retry >= 0)
    text += `retry: ${event.retry}\n`;
  return text + serializeData(String(event.data));
}

/** The end of an event: its data, with any line breaks, and the empty line. */
export function serializeData(data: string): string {
  // Most data is one line: looking for a line break costs less than splitting.
  if (!data.includes('\n') && !data.includes('\r')) return `data: ${data}\n\n`;
  let text = '';
  for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/** A lone id: moves the browser's cursor without dispatching an event. */
export function serializeId(id: string): string {
  return `id: ${oneLine(id)}\n\n`;
}

function oneLine(value: unknown): string {
  const text = String(value);
  return /[\r\n\0]/.test(text) ? text.replace(/[\r\n\0]/g, '') : text;
}

/** Parses one whole event. [spec] server-sent-events, "interpreting an event stream" */
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
