import { createHash } from 'node:crypto';
import type { LogFilter, LogIdKind } from '../../log-store.ts';
import type { Position } from './expired.ts';
import { type Hex, isHex } from './object-ids.ts';

/*
 * - The id of a log is its ObjectId in hexadecimal digits.
 * - The id of a position contains a place in the list of arrivals of one process, and a time up to which everything had
 *   been delivered. That process continues exactly at the place, every other one from the time on. The id also names
 *   the log directly before the position, which shows whether logs were deleted since. A check binds it to the
 *   workflow.
 * - The end of a page is the ObjectId of its last log and a check that binds it to the workflow and the order.
 */
const positionSyntax = /^(p-([0-9a-z]{1,9})-([0-9a-z]{1,11})-([0-9a-z]{1,9})-(0|[0-9a-f]{24}))-([0-9a-f]{8})$/;
const pageSyntax = /^([ad])-([0-9a-f]{24})-([0-9a-f]{8})$/;

/** What the id of a position contains. */
export interface PositionId extends Position {
  /** The list of arrivals that `n` belongs to. */
  readonly list: string;
  /** Number of the next arrival in the list. */
  readonly n: number;
}

/** True if `text` has the form of the id of a log or a position. */
export function isMongoId(text: string): boolean {
  return isHex(text) || positionSyntax.test(text);
}

export function encodePosition({ ms, list, n, previous = '0' }: PositionId, filter: LogFilter): string {
  const place = `p-${Math.max(0, Math.floor(ms)).toString(36)}-${list}-${n.toString(36)}-${previous}`;
  return `${place}-${checkOf(place, filter, 'position')}`;
}

/** Returns undefined unless `text` is the id of a position and was encoded for this workflow. */
export function decodePosition(text: string, filter: LogFilter): PositionId | undefined {
  const [, place, ms, list, n, previous, check] = positionSyntax.exec(text) ?? [];
  if (place === undefined || ms === undefined || list === undefined || n === undefined) return undefined;
  if (check !== checkOf(place, filter, 'position')) return undefined;
  return {
    ms: Number.parseInt(ms, 36),
    list,
    n: Number.parseInt(n, 36),
    previous: previous === '0' ? undefined : previous,
  };
}

export function encodePageEnd(hex: Hex, filter: LogFilter, order: 'asc' | 'desc'): string {
  return `${order.charAt(0)}-${hex}-${checkOf(hex, filter, order)}`;
}

/** Returns undefined unless `text` was encoded for this workflow and order. */
export function decodePageEnd(text: string, filter: LogFilter, order: 'asc' | 'desc'): Hex | undefined {
  const [, , hex, check] = pageSyntax.exec(text) ?? [];
  return hex !== undefined && check === checkOf(hex, filter, order) ? hex : undefined;
}

function checkOf(place: string, { workspaceID, workflowID }: LogFilter, kind: LogIdKind): string {
  const text = JSON.stringify([place, workspaceID, workflowID, kind]);
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
