import { demoDataOf } from '../document.ts';
import type { LogCursor, LogDocument, LogEntry, LogFilter, LogIdKind, LogLoss, LogStore } from '../log-store.ts';
import { type ChunkedBytes, encodeChunk } from './chunked.ts';

/** How logs are written as events. */
export interface StreamFormat {
  readonly idOf: (cursor: LogCursor, kind: LogIdKind) => string;
  /** Returns an event's data: one line. */
  readonly dataOf: (log: LogDocument) => string;
}

/** The format of the filter's workflow, or of the demo route if it names none. JSON contains no raw line break. */
export function formatOf(store: LogStore, filter: LogFilter): StreamFormat {
  const dataOf = filter.workflowID === undefined ? demoDataOf : JSON.stringify;
  return { idOf: (cursor, kind) => store.idOf(cursor, filter, kind), dataOf };
}

/**
 * Keeps a quiet connection alive. No empty line follows it or {@link retryLine}: some clients dispatch a message at
 * every empty line [R28].
 */
export const heartbeat = ':ping\n';
/** Sent where logs may be missing: they were trimmed before the subscriber received them, or its id is unknown here. */
export const lossFrames: Readonly<Record<LogLoss, string>> = {
  trimmed: gapFrame('trimmed'),
  'unknown-id': gapFrame('unknown-id'),
};

/** Target size of a batch, in UTF-16 units. A batch ends with the log that reaches it. */
const batchLength = 64 * 1024;

/** Whole events that are written together: the most that a stream is sent in one turn of the event loop. */
export interface FrameBatch extends ChunkedBytes {
  /** The place after its last log. */
  readonly cursor: LogCursor;
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
export function idFrame({ idOf }: StreamFormat, cursor: LogCursor): string {
  return `id: ${idOf(cursor, 'position')}\n\n`;
}

/** Serialises logs as events, in order. */
export function batchesOf({ idOf, dataOf }: StreamFormat, logs: readonly LogEntry[]): FrameBatch[] {
  const batches: FrameBatch[] = [];
  let text = '';
  let first = 0;
  let gaps: string[] = [];
  for (const [index, { cursor, log, gap }] of logs.entries()) {
    const id = idOf(cursor, 'event');
    if (gap) gaps.push(gap);
    // A gap moves the subscriber's last id past the log that it stands for [R34].
    text += gap ? `${gapFrame(gap, id)}id: ${id}\n\n` : `id: ${id}\ndata: ${dataOf(log)}\n\n`;
    if (text.length < batchLength && index < logs.length - 1) continue;
    batches.push({ ...encodeChunk(text), cursor, logs: index + 1 - first, gaps });
    text = '';
    gaps = [];
    first = index + 1;
  }
  return batches;
}
