import type { RelayEntry } from '@datashop/sse-proxy';

/** Names of the two fields of an entry. */
export const fields = { meta: 'm', data: 'd' } as const;

/** An entry as Redis returns it: its id, then names and values. */
type EntryReply = readonly [id: Buffer, fields: readonly Buffer[]];

const nothing = Buffer.alloc(0);

export function readEntries(reply: unknown): RelayEntry[] {
  return (reply as readonly EntryReply[]).map(readEntry);
}

function readEntry([id, values]: EntryReply): RelayEntry {
  let meta = '';
  let data: Buffer = nothing;
  for (let at = 0; at + 1 < values.length; at += 2) {
    const value = values[at + 1] as Buffer;
    if (String(values[at]) === fields.data) data = value;
    else meta = String(value);
  }
  return { position: id.toString('latin1'), meta, data };
}

/** The streams in a reply of XREAD: pairs in RESP2, names and entries in turn in RESP3. */
export function readStreams(reply: unknown): [key: string, entries: RelayEntry[]][] {
  if (!Array.isArray(reply)) return [];
  const isPaired = Array.isArray(reply[0]);
  const flat = isPaired ? reply.flat(1) : reply;
  const streams: [string, RelayEntry[]][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) streams.push([String(flat[at]), readEntries(flat[at + 1])]);
  return streams;
}
