import type { Request, Response } from 'express';
import { encodeCursor, eventId, seqOf } from './event-id.ts';
import { Problem } from './problem.ts';
import { parseRestRequest } from './query.ts';
import type { LogStore } from './types.ts';

/** Answers one page of a workflow's logs. */
export async function sendPage(store: LogStore, req: Request, res: Response): Promise<void> {
  const { filter, order, limit, cursor, after, upto } = parseRestRequest(req);
  const epoch = await store.epoch();
  if (cursor !== undefined && cursor.epoch !== epoch) {
    throw new Problem('invalid_parameter', 'cursor: expected one of this store, got one of an earlier store', 'cursor');
  }
  const bounds = await store.bounds();
  const afterSeq = after === undefined ? undefined : seqOf(after, epoch, bounds);
  // An event that this store never had: nothing is known to be older.
  const throughSeq = upto === undefined ? undefined : (seqOf(upto, epoch, bounds) ?? 0);
  const page = await store.query({
    filter,
    order,
    limit,
    ...(afterSeq !== undefined && { afterSeq }),
    ...(throughSeq !== undefined && { throughSeq }),
    ...(cursor !== undefined && { cursorSeq: cursor.seq }),
  });
  const last = page.logs.at(-1);
  const nextCursor = page.more && last !== undefined ? encodeCursor({ epoch, seq: last.seq, order }) : null;
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  // The moment this page shows: a stream opened with it goes on exactly where the page ends.
  res.setHeader('Last-Event-ID', eventId(epoch, page.lastSeq));
  const logs = page.logs.map(({ log }) => log);
  // Beside the logs and not in them: a log has its exact shape.
  const ids = page.logs.map(({ seq }) => eventId(epoch, seq));
  res.end(JSON.stringify({ logs, ids, nextCursor, total: page.total }));
}
