import { eventId } from './event-id.ts';
import type { StoredLog } from './types.ts';

/** What keeps a quiet connection alive. */
export const PING = ':ping\n\n';
/** Said before everything kept is sent to a reader whose id means nothing here. */
export const UNKNOWN_ID = gapFrame('unknown-id');
/** Said where logs were trimmed before this reader got to them. */
export const TRIMMED = gapFrame('trimmed');

/** Enough that a burst takes few writes, and a full socket is noticed soon. */
const PIECE_BYTES = 16 * 1024;

/** Whole events to be written at once. */
export interface Piece {
  readonly bytes: Buffer;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/**
 * An event and not a comment, since a browser hears no comments. It has the name by which the proxy says the same, so
 * that a page needs one listener; and no id, so that the browser's cursor stays where logs put it.
 */
function gapFrame(reason: string): string {
  return `event: sse-proxy:gap\ndata: ${JSON.stringify({ reason })}\n\n`;
}

/** An id alone: no event for the browser, but it comes back with this id. */
export function idFrame(epoch: string, seq: number): string {
  return `id: ${eventId(epoch, seq)}\n\n`;
}

/** Events for logs, in their order. JSON has no raw line breaks, so a log is always one data line. */
export function* piecesOf(epoch: string, logs: readonly StoredLog[]): Generator<Piece> {
  let text = '';
  let firstSeq = 0;
  for (const [index, { seq, log }] of logs.entries()) {
    if (text === '') firstSeq = seq;
    text += `id: ${eventId(epoch, seq)}\ndata: ${JSON.stringify(log)}\n\n`;
    if (text.length < PIECE_BYTES && index < logs.length - 1) continue;
    yield { bytes: Buffer.from(text), firstSeq, lastSeq: seq };
    text = '';
  }
}
