import { logLevels } from '../../document.ts';
import type { LogFilter, LogVolume, VolumeQuery } from '../../log-store.ts';
import { noVolume, VolumeCounter } from '../../volume.ts';
import { chunkOf, type Range, restOf } from './chunks.ts';
import type { Connection } from './connection.ts';
import type { Snapshot } from './page.ts';
import type { Turns } from './turns.ts';
import { type Condition, levelBit, whereOf } from './where.ts';

const levelsByBit = new Map(logLevels.map((level) => [levelBit(level), level]));

/** Counts logs by level and time in several short turns of the event loop, so that streams are not delayed. */
export async function queryVolume(
  snapshot: Snapshot,
  turns: Turns,
  { filter, buckets, signal }: VolumeQuery,
): Promise<LogVolume> {
  signal?.throwIfAborted();
  const { lastSeq, generation } = await snapshot((connection) => connection.bounds(filter));
  const eachChunk = async (work: (connection: Connection, where: Condition) => void) => {
    for (let range: Range = { low: 0, high: lastSeq }; range.low < range.high; ) {
      await turns.next();
      signal?.throwIfAborted();
      range = await snapshot((connection) => {
        if (connection.bounds(filter).generation !== generation)
          throw new Error('The log store was replaced while it was searched');
        const chunk = chunkOf(connection, filter, range, 'asc');
        work(connection, whereOf(filter, chunk));
        return restOf(range, chunk, 'asc');
      });
    }
  };

  const times = await timesOf(filter, eachChunk);
  if (times === undefined) return noVolume;
  const counter = new VolumeCounter(times.first, times.last, buckets);
  await eachChunk((connection, { sql, values }) => {
    const rows = connection
      .sql(
        `SELECT CAST((at - ?) / ? AS INTEGER) AS bucket, level, count(*) AS logs FROM logs WHERE ${sql} GROUP BY bucket, level`,
      )
      .all(counter.fromMs, counter.bucketMs, ...values);
    for (const { bucket, level, logs } of rows) {
      const name = levelsByBit.get(Number(level));
      if (name !== undefined) counter.add(name, Number(bucket), Number(logs));
    }
  });
  return counter.result();
}

/** The first and the last instant to count: the filter's, or those of the logs. Undefined if there is none. */
async function timesOf(
  { fromMs, toMs }: LogFilter,
  eachChunk: (work: (connection: Connection, where: Condition) => void) => Promise<void>,
): Promise<{ first: number; last: number } | undefined> {
  let first = fromMs ?? Number.POSITIVE_INFINITY;
  let last = toMs === undefined ? Number.NEGATIVE_INFINITY : toMs - 1;
  if (fromMs === undefined || toMs === undefined) {
    await eachChunk((connection, { sql, values }) => {
      const row = connection.sql(`SELECT min(at) AS first, max(at) AS last FROM logs WHERE ${sql}`).get(...values);
      if (row === undefined || row.first === null) return;
      if (fromMs === undefined) first = Math.min(first, Number(row.first));
      if (toMs === undefined) last = Math.max(last, Number(row.last));
    });
  }
  return first <= last ? { first, last } : undefined;
}
