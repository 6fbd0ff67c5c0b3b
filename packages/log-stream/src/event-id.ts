import type { LogBounds } from './types.ts';

/** Names a log for readers: `<epoch>-<seq>`. */
export function eventId(epoch: string, seq: number): string {
  return `${epoch}-${seq}`;
}

/** The parts of an event id, or undefined if it is none. The epoch may hold dashes of its own. */
export function parseEventId(id: string): { epoch: string; seq: number } | undefined {
  const match = /^(.+)-(0|[1-9][0-9]{0,15})$/.exec(id);
  if (match === null) return undefined;
  const seq = Number(match[2]);
  return Number.isSafeInteger(seq) ? { epoch: String(match[1]), seq } : undefined;
}

/**
 * The insertion number that `id` stands for in this store, or undefined when it says nothing about it: another epoch,
 * or a number that was never given out, as after a restored backup. Everything kept is then new to its holder.
 */
export function seqOf(id: string, epoch: string, { lastSeq }: LogBounds): number | undefined {
  const parsed = parseEventId(id);
  return parsed?.epoch === epoch && parsed.seq <= lastSeq ? parsed.seq : undefined;
}

/** Where a page ended. Opaque to its holder, so that it may change. */
export interface Cursor {
  readonly epoch: string;
  readonly seq: number;
  readonly order: 'asc' | 'desc';
}

export function encodeCursor({ epoch, seq, order }: Cursor): string {
  return Buffer.from(`${order}:${eventId(epoch, seq)}`).toString('base64url');
}

export function decodeCursor(text: string): Cursor | undefined {
  const match = /^(asc|desc):(.+)$/.exec(Buffer.from(text, 'base64url').toString());
  const id = match === null ? undefined : parseEventId(String(match[2]));
  if (match === null || id === undefined) return undefined;
  const cursor: Cursor = { ...id, order: match[1] === 'asc' ? 'asc' : 'desc' };
  // Decoding forgives junk; only what we wrote is a cursor.
  return encodeCursor(cursor) === text ? cursor : undefined;
}
