import type { Document } from 'bson';
import { CommandError } from './errors.ts';

/**
 * Where a stream continues: after a change; with all changes at or after a time; after the event that ended a stream
 * because its collection was dropped.
 */
export type TokenKind = 'change' | 'time' | 'invalidate';

const kinds: readonly TokenKind[] = ['time', 'change', 'invalidate'];

/** A resume token: `_data` is a hexadecimal string, opaque to clients, that sorts by time. */
export function tokenOf(time: bigint, kind: TokenKind): Document {
  return { _data: `82${time.toString(16).padStart(16, '0').toUpperCase()}0${kinds.indexOf(kind)}` };
}

/** Throws like MongoDB if it is no token of this server. */
export function parseToken(token: unknown): { time: bigint; kind: TokenKind } {
  const data: unknown = (token as Document | null)?._data;
  if (typeof data !== 'string') {
    throw new CommandError(40647, 'Bad resume token: _data of missing or of wrong type. Expected string');
  }
  const [, time, kind] = /^82([0-9A-F]{16})0([0-2])$/.exec(data) ?? [];
  if (time === undefined) throw new CommandError(50811, `Bad resume token: ${data}`);
  return { time: BigInt(`0x${time}`), kind: kinds[Number(kind)]! };
}
