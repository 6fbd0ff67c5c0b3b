import type { LogBounds } from './types.ts';

/** Identifies a log for subscribers: `<epoch>-<seq>`. */
export function eventId(epoch: string, seq: number): string {
  return `${epoch}-${seq}`;
}

/** Splits an event id into its parts; undefined if it is malformed. The epoch may contain dashes. */
export function parseEventId(id: string): { epoch: string; seq: number } | undefined {
  const match = /^(.+)-(0|[1-9][0-9]{0,15})$/.exec(id);
  if (match === null) return undefined;
  const seq = Number(match[2]);
  return Number.isSafeInteger(seq) ? { epoch: String(match[1]), seq } : undefined;
}

/**
 * Returns the sequence number that `id` has in this store, or undefined if the id is unknown here: it is malformed, of
 * another epoch, or above every number that was assigned (a backup was restored).
 */
export function seqOf(id: string, epoch: string, { lastSeq }: LogBounds): number | undefined {
  const parsed = parseEventId(id);
  return parsed?.epoch === epoch && parsed.seq <= lastSeq ? parsed.seq : undefined;
}
