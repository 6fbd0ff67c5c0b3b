import type { Inspectable, OpenFeed, OpenStream } from '@datashop/sse-proxy';
import { printable } from '../printable.ts';
import { age, bytes, count } from './format.ts';

/** A table as text: the page and its live updates show the same cells. */
export interface Table {
  readonly name: 'streams' | 'feeds';
  readonly rows: readonly (readonly string[])[];
  /** How many more there are than rows. */
  readonly more: number;
}

/** Everything the page shows, as text that is not yet escaped. */
export interface View {
  readonly at: string;
  readonly totals: readonly (readonly [label: string, value: string])[];
  readonly tables: readonly Table[];
}

/** The columns by which streams can be sorted: key in the page's address → value. */
export const sortKeys = {
  since: (stream: OpenStream) => -Date.parse(stream.since),
  events: (stream: OpenStream) => stream.events,
  bytes: (stream: OpenStream) => stream.bytes,
  behind: (stream: OpenStream) => stream.behindBytes,
} as const;

export type SortKey = keyof typeof sortKeys;

export const columns = {
  streams: [
    ['Connection'],
    ['User'],
    ['Route'],
    ['About'],
    ['Open for', 'since'],
    ['Upstream'],
    ['Feed'],
    ['Behind', 'behind'],
    ['Events', 'events'],
    ['Bytes', 'bytes'],
  ],
  feeds: [['Feed'], ['Kind'], ['Route'], ['Open for'], ['Browsers'], ['Replay'], ['Upstream'], ['Outage']],
} as const satisfies Record<Table['name'], readonly (readonly [string, SortKey?])[]>;

/** Reads the middlewares; `sort`: largest first. */
export function readView(proxies: readonly Inspectable[], sort: SortKey, maxRows: number): View {
  const now = Date.now();
  const streams = proxies.flatMap((proxy) => proxy.streams());
  const feeds = proxies.flatMap((proxy) => proxy.feeds());
  const value = sortKeys[sort];
  const sorted = streams.toSorted((left, right) => value(right) - value(left));
  return {
    at: new Date(now).toISOString(),
    totals: totalsOf(proxies, streams, feeds),
    tables: [
      table(
        'streams',
        sorted.slice(0, maxRows).map((stream) => streamRow(stream, now)),
        streams.length,
      ),
      table(
        'feeds',
        feeds.slice(0, maxRows).map((feed) => feedRow(feed, now)),
        feeds.length,
      ),
    ],
  };
}

function table(name: Table['name'], rows: string[][], total: number): Table {
  return { name, rows, more: total - rows.length };
}

function streamRow(stream: OpenStream, now: number): string[] {
  const { id, key, fields, since, events, behindEvents, behindBytes, feed, upstream } = stream;
  const behind =
    behindBytes === 0 ? '–' : `${bytes(behindBytes)}${behindEvents > 0 ? `, ${count(behindEvents)} events` : ''}`;
  const user = key === undefined ? '–' : printable(key);
  const about = Object.entries(fields).map(([name, value]) => `${name}: ${printable(value)}`);
  const open = age(now - Date.parse(since));
  const sent = [count(events), bytes(stream.bytes)];
  return [id, user, printable(stream.route), about.join(', ') || '–', open, upstream, feed ?? 'own', behind, ...sent];
}

function feedRow(feed: OpenFeed, now: number): string[] {
  const { id, kind, since, browsers, replayEvents, replayBytes, upstream, outageMs } = feed;
  const route = printable(feed.route);
  const replay = `${count(replayEvents)} events, ${bytes(replayBytes)}`;
  const open = age(now - Date.parse(since));
  return [id, kind, route, open, count(browsers), replay, upstream, outageMs === 0 ? '–' : age(outageMs)];
}

function totalsOf(proxies: readonly Inspectable[], streams: OpenStream[], feeds: OpenFeed[]): [string, string][] {
  const stats = proxies.map((proxy) => proxy.stats());
  const sum = (name: 'opening' | 'opened' | 'refused' | 'evicted' | 'upstreamConnections' | 'bufferedBytes') =>
    stats.reduce((total, it) => total + it[name], 0);
  const outageMs = stats.reduce((longest, it) => Math.max(longest, it.outageMs), 0);
  return [
    ['Open', count(streams.length)],
    ['Opening', count(sum('opening'))],
    ['Opened', count(sum('opened'))],
    ['Refused', count(sum('refused'))],
    ['Evicted', count(sum('evicted'))],
    ['Upstream connections', count(sum('upstreamConnections'))],
    ['Feeds', count(feeds.length)],
    ['Buffered', bytes(sum('bufferedBytes'))],
    ['Outage', outageMs === 0 ? 'none' : age(outageMs)],
    ['Draining', stats.some(({ draining }) => draining) ? 'yes' : 'no'],
  ];
}
