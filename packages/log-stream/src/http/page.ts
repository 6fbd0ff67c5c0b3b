import type { Request, Response } from 'express';
import { LogStreamError } from '../errors.ts';
import { eventId, seqOf } from '../event-id.ts';
import type { LogStore } from '../types.ts';
import { encodeCursor } from './cursor.ts';
import { parsePageRequest } from './query.ts';

/** Sends one page of a workflow's logs. */
export async function sendPage(store: LogStore, req: Request, res: Response): Promise<void> {
  const { filter, order, limit, cursor, after, upTo } = parsePageRequest(req);
  const epoch = await store.epoch();
  if (cursor !== undefined && (cursor.epoch !== epoch || !(await store.contains(cursor.seq)))) {
    const detail = 'cursor: expected a cursor of this store, got one of an earlier store';
    throw new LogStreamError('ERR_LOG_STREAM_PARAMETER', detail, { parameter: 'cursor' });
  }
  const bounds = await store.bounds();
  const seqIn = async (id: string) => {
    const seq = seqOf(id, epoch, bounds);
    return seq !== undefined && (await store.contains(seq)) ? seq : undefined;
  };
  const afterSeq = after === undefined ? undefined : await seqIn(after);
  // An id that this store never assigned has no older logs here.
  const throughSeq = upTo === undefined ? undefined : ((await seqIn(upTo)) ?? 0);
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
  // A stream opened with this id starts exactly where the page ends.
  res.setHeader('Last-Event-ID', eventId(epoch, page.lastSeq));
  const stored = page.logs.filter(({ log }) => log !== undefined);
  const logs = stored.map(({ log }) => log);
  // A list of its own, because the shape of a log document is fixed.
  const ids = stored.map(({ seq }) => eventId(epoch, seq));
  res.end(JSON.stringify({ logs, ids, nextCursor, total: page.total }));
}
