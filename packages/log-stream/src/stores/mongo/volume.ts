import type { LogLevel, LogVolume, VolumeQuery } from '../../log-store.ts';
import { noVolume, VolumeCounter } from '../../volume.ts';
import { PageCursor } from './cursor.ts';
import { maxSearchMs, search } from './page.ts';
import type { IdRange } from './selection.ts';
import type { WatchContext } from './watch.ts';

/** Most logs that one step reads. */
const stepLogs = 200;

/**
 * Counts logs by the level and time that pages show. In documents, both may be in one of several fields, so the server
 * can't count them.
 *
 * @throws Error if it takes too long
 */
export async function queryVolume(context: WatchContext, { filter, buckets, signal }: VolumeQuery): Promise<LogVolume> {
  const deadline = performance.now() + maxSearchMs;
  const found: { level: LogLevel; ms: number }[] = [];
  let rest: IdRange = {};
  for (let more = true; more; ) {
    const page = await search(context, filter, rest, 'asc', stepLogs, signal);
    for (const { log } of page.logs) if (log) found.push({ level: log.logLevel, ms: log.meta?.timestamp });
    const last = page.logs.at(-1)?.cursor;
    more = page.more && last instanceof PageCursor;
    if (last instanceof PageCursor) rest = { after: last.low };
    if (performance.now() > deadline) throw new Error(`Counting has taken longer than ${maxSearchMs} ms`);
  }
  const times = found.map(({ ms }) => ms).filter((ms) => Number.isFinite(ms));
  const first = filter.fromMs ?? times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last =
    filter.toMs === undefined ? times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) : filter.toMs - 1;
  if (first > last) return noVolume;
  const counter = new VolumeCounter(first, last, buckets);
  for (const { level, ms } of found) counter.addAt(level, ms);
  return counter.result();
}
