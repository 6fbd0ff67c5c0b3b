import type { Inspectable, OpenFeed, OpenStream } from '@datashop/sse-proxy';
import { printable } from '../printable.ts';
import type { RedisInspectable } from '../types.ts';
import { age, bytes, count } from './format.ts';

/** A table as text, for the page and for its live updates. */
export interface Table {
  readonly name: 'streams' | 'feeds';
  readonly rows: readonly (readonly string[])[];
  /** Number of further items, which have no row. */
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
  feeds: [
    ['Feed'],
    ['Kind'],
    ['Route'],
    ['Open for'],
    ['Browsers'],
    ['Replay'],
    ['Upstream'],
    ['Outage'],
    ['Reads the upstream'],
  ],
} as const satisfies Record<Table['name'], readonly (readonly [string, SortKey?])[]>;

export interface ViewOptions {
  /** Largest first. */
  readonly sort: SortKey;
  readonly maxRows: number;
  /** False if no source can have upstreams and feeds: the page then leaves them out. */
  readonly hasUpstreams: boolean;
  /** The feed stores and limiters over Redis. */
  readonly redis: readonly RedisInspectable[];
}

/** Reads the proxies and log services. */
export function readView(sources: readonly Inspectable[], { sort, maxRows, hasUpstreams, redis }: ViewOptions): View {
  const now = Date.now();
  const streams = sources.flatMap((source) => source.streams());
  const value = sortKeys[sort];
  const sorted = streams.toSorted((left, right) => value(right) - value(left));
  const rows = sorted.slice(0, maxRows).map((stream) => streamRow(stream, now));
  const view: View = {
    at: new Date(now).toISOString(),
    totals: [...streamTotals(sources, streams.length), ...redisTotals(redis)],
    tables: [table('streams', rows, streams.length)],
  };
  if (!hasUpstreams) return view;
  const feeds = sources.flatMap((source) => source.feeds());
  const feedRows = feeds.slice(0, maxRows).map((feed) => feedRow(feed, now));
  return {
    ...view,
    totals: [...view.totals, ...upstreamTotals(sources, feeds.length)],
    tables: [...view.tables, table('feeds', feedRows, feeds.length)],
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
  const { id, kind, since, browsers, replayEvents, replayBytes, upstream, outageMs, role } = feed;
  const route = printable(feed.route);
  const replay = `${count(replayEvents)} events, ${bytes(replayBytes)}`;
  const open = age(now - Date.parse(since));
  const outage = outageMs === 0 ? '–' : age(outageMs);
  return [id, kind, route, open, count(browsers), replay, upstream, outage, role ? readers[role] : '–'];
}

/** By role of this instance: who reads the upstream of a feed that instances share. */
const readers = { leader: 'for all', follower: 'another instance', alone: 'alone' } as const;

type Totals = [label: string, value: string][];

function streamTotals(sources: readonly Inspectable[], open: number): Totals {
  const stats = sources.map((source) => source.stats());
  const sum = (name: 'opening' | 'opened' | 'refused' | 'evicted' | 'bufferedBytes') =>
    stats.reduce((total, it) => total + it[name], 0);
  return [
    ['Open', count(open)],
    ['Opening', count(sum('opening'))],
    ['Opened', count(sum('opened'))],
    ['Refused', count(sum('refused'))],
    ['Evicted', count(sum('evicted'))],
    ['Buffered', bytes(sum('bufferedBytes'))],
    ['Draining', stats.some(({ draining }) => draining) ? 'yes' : 'no'],
  ];
}

function upstreamTotals(sources: readonly Inspectable[], feeds: number): Totals {
  const stats = sources.map((source) => source.stats());
  const outageMs = Math.max(0, ...stats.map((it) => it.outageMs));
  return [
    ['Upstream connections', count(stats.reduce((total, it) => total + it.upstreamConnections, 0))],
    ['Feeds', count(feeds)],
    ['Outage', outageMs === 0 ? 'none' : age(outageMs)],
  ];
}

function redisTotals(redis: readonly RedisInspectable[]): Totals {
  return redis.map((part): Totals[number] => {
    const { mode, led } = part.stats();
    if (led === undefined) return ['Limits over Redis', mode];
    return ['Feeds over Redis', led > 0 ? `${mode}, reads ${count(led)}` : mode];
  });
}
