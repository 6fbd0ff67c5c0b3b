import { eventId, parseEventId } from '../event-id.ts';

/** The end of a page. Opaque to clients, so that its format may change. */
export interface Cursor {
  readonly epoch: string;
  readonly seq: number;
  readonly order: 'asc' | 'desc';
}

export function encodeCursor({ epoch, seq, order }: Cursor): string {
  return Buffer.from(`${order}:${eventId(epoch, seq)}`).toString('base64url');
}

/** Returns undefined unless `text` is exactly what {@link encodeCursor} returns for some cursor. */
export function decodeCursor(text: string): Cursor | undefined {
  const match = /^(asc|desc):(.+)$/.exec(Buffer.from(text, 'base64url').toString());
  const id = match === null ? undefined : parseEventId(String(match[2]));
  if (match === null || id === undefined) return undefined;
  const cursor: Cursor = { ...id, order: match[1] === 'asc' ? 'asc' : 'desc' };
  // The base64 decoder ignores invalid characters.
  return encodeCursor(cursor) === text ? cursor : undefined;
}
