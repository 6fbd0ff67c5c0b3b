import type { Request, Response } from 'express';
import { encodeCursor, eventId, seqOf } from './event-id.ts';
import { Problem } from './problem.ts';
import { parseRestRequest } from './query.ts';
import type { LogStore } from './types.ts';

/** Answers one page of a workflow's logs. */
export async function sendPage(store: LogStore, req: Request, res: Response): Promise<void> {
  const { filter, order, limit, cursor, after } = parseRestRequest(req);
  const epoch = await store.epoch();
  if (cursor !== undefined && cursor.epoch !== epoch) {
    throw new Problem('invalid_parameter', 'cursor: expected one of this store, got one of an earlier store', 'cursor');
  }
  const afterSeq = after === undefined ? undefined : seqOf(after, epoch, await store.bounds());
  const page = await store.query({
    filter,
    order,
    limit,
    ...(afterSeq !== undefined && { afterSeq }),
    ...(cursor !== undefined && { cursorSeq: cursor.seq }),
  });
  const last = page.logs.at(-1);
  const nextCursor = page.more && last !== undefined ? encodeCursor({ epoch, seq: last.seq, order }) : null;
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  // The moment this page shows: a stream opened with it goes on exactly where the page ends.
  res.setHeader('Last-Event-ID', eventId(epoch, page.lastSeq));
  res.end(JSON.stringify({ logs: page.logs.map(({ log }) => log), nextCursor, total: page.total }));
}
