import { eventId } from '../event-id.ts';
import type { LogEntry } from '../types.ts';

/**
 * Keeps a quiet connection alive. No empty line follows it or {@link retryLine}: some clients dispatch a message at
 * every empty line [R28].
 */
export const heartbeat = ':ping\n';
/** Sent before a full replay to a subscriber whose id is unknown here. */
export const unknownIdGap = gapFrame('unknown-id');
/** Sent where logs were trimmed before the subscriber received them. */
export const trimmedGap = gapFrame('trimmed');

/** Target size of a batch, in UTF-16 units. A batch ends with the log that reaches it. */
const batchLength = 64 * 1024;

/** Whole events that are written together: the most that a stream is sent in one turn of the event loop. */
export interface FrameBatch {
  readonly bytes: Buffer;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Number of logs. */
  readonly logs: number;
}

/** The reconnection time of the browser, in milliseconds. */
export function retryLine(retryMs: number): string {
  return `retry: ${retryMs}\n`;
}

/**
 * An event, because browsers do not expose comments. It has the name of the proxy's own gap event, so that a page needs
 * one listener, and no id, so that the browser's last event id stays valid.
 */
function gapFrame(reason: string, id?: string): string {
  return `event: sse-proxy:gap\ndata: ${JSON.stringify({ reason, id })}\n\n`;
}

/** Sets the browser's last event id without dispatching an event. An id takes effect at an empty line only. */
export function idFrame(epoch: string, seq: number): string {
  return `id: ${eventId(epoch, seq)}\n\n`;
}

/** Serialises logs as events, in order. JSON contains no raw line breaks, so a log is always one data line. */
export function batchesOf(epoch: string, logs: readonly LogEntry[]): FrameBatch[] {
  const batches: FrameBatch[] = [];
  let text = '';
  let first = 0;
  for (const [index, { seq, log, gap }] of logs.entries()) {
    const id = eventId(epoch, seq);
    // A gap moves the cursor past the log that it stands for [R34].
    text += gap ? `${gapFrame(gap, id)}id: ${id}\n\n` : `id: ${id}\ndata: ${JSON.stringify(log)}\n\n`;
    if (text.length < batchLength && index < logs.length - 1) continue;
    const firstSeq = logs[first]?.seq ?? seq;
    batches.push({ bytes: Buffer.from(text), firstSeq, lastSeq: seq, logs: index + 1 - first });
    text = '';
    first = index + 1;
  }
  return batches;
}
