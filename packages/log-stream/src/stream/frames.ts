import { demoDataOf } from '../document.ts';
import { type EventIds, eventIds } from '../event-id.ts';
import type { LogDocument, LogEntry, LogFilter } from '../log-store.ts';

/** How logs are written as events. */
export interface StreamFormat {
  readonly ids: EventIds;
  /** Returns an event's data: one line. */
  readonly dataOf: (log: LogDocument) => string;
}

/** The format of the filter's workflow, or of the demo route if it names none. JSON contains no raw line break. */
export function formatOf(epoch: string, filter: LogFilter): StreamFormat {
  const dataOf = filter.workflowID === undefined ? demoDataOf : JSON.stringify;
  return { ids: eventIds(epoch, filter), dataOf };
}

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
  /** Number of logs, gaps included. */
  readonly logs: number;
  /** Reasons of the gaps in it. */
  readonly gaps: readonly string[];
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
export function idFrame({ ids }: StreamFormat, seq: number): string {
  return `id: ${ids.encode(seq, 'position')}\n\n`;
}

/** Serialises logs as events, in order. */
export function batchesOf({ ids, dataOf }: StreamFormat, logs: readonly LogEntry[]): FrameBatch[] {
  const batches: FrameBatch[] = [];
  let text = '';
  let first = 0;
  let gaps: string[] = [];
  for (const [index, { seq, log, gap }] of logs.entries()) {
    const id = ids.encode(seq);
    if (gap) gaps.push(gap);
    // A gap moves the cursor past the log that it stands for [R34].
    text += gap ? `${gapFrame(gap, id)}id: ${id}\n\n` : `id: ${id}\ndata: ${dataOf(log)}\n\n`;
    if (text.length < batchLength && index < logs.length - 1) continue;
    const firstSeq = logs[first]?.seq ?? seq;
    batches.push({ bytes: Buffer.from(text), firstSeq, lastSeq: seq, logs: index + 1 - first, gaps });
    text = '';
    gaps = [];
    first = index + 1;
  }
  return batches;
}
