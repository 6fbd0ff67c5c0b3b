import type { RelayContent, RelayPosition } from '@datashop/sse-proxy';

/** Approximate memory of an entry in Redis besides its bytes. */
const overheadBytes = 32;

/**
 * An entry's id in its stream: `<generation>-<offset>`. Each leader has a generation of its own, later ones have higher
 * numbers. The offset counts the bytes of all entries up to this one, over all generations. So a gap between two
 * entries is detected, and a log can be trimmed to a number of bytes.
 */
export interface StreamId {
  readonly generation: number;
  readonly offset: number;
}

/** The position in an empty log. */
export const origin: StreamId = { generation: 0, offset: 0 };

export function parseId(text: RelayPosition): StreamId {
  const dash = text.indexOf('-');
  return { generation: Number(text.slice(0, dash)), offset: Number(text.slice(dash + 1)) };
}

export function idText({ generation, offset }: StreamId): RelayPosition {
  return `${generation}-${offset}`;
}

/** Negative if `left` comes first. */
export function compareIds(left: StreamId, right: StreamId): number {
  return left.generation - right.generation || left.offset - right.offset;
}

/** How far an entry moves the offset. */
export function sizeOf({ meta, data }: RelayContent): number {
  return meta.length + data.length + overheadBytes;
}
