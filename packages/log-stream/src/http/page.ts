import type { Response } from 'express';
import { LogStreamError } from '../errors.ts';
import { type EventIds, eventIds, positionOf } from '../event-id.ts';
import type { LogPage, LogStore } from '../log-store.ts';
import { invalidParameter, type PageRequest, parsePageRequest } from './query.ts';
import type { Handle, Service } from './route.ts';

/** Creates the handler that sends one page of a workflow's logs. */
export function pageSender({ config: { store, limits } }: Service): Handle {
  let reading = 0;
  return async ({ req, scope }, res) => {
    const wanted = parsePageRequest(req, scope);
    if (reading >= limits.pages) {
      throw new LogStreamError('ERR_LOG_STREAM_LIMIT', `limits.pages: ${limits.pages} pages are being read`);
    }
    reading++;
    const left = new AbortController();
    const abort = () => left.abort();
    res.once('close', abort);
    try {
      await sendPage(store, wanted, left.signal, res);
    } finally {
      reading--;
      res.off('close', abort);
    }
  };
}

async function sendPage(store: LogStore, wanted: PageRequest, signal: AbortSignal, res: Response): Promise<void> {
  const { filter, order, limit, cursor, after, upTo } = wanted;
  const ids = eventIds(await store.epoch(), filter);
  const cursorSeq = cursor === undefined ? undefined : ids.decode(cursor, order);
  if (cursor !== undefined && !(cursorSeq !== undefined && (await store.contains(cursorSeq)))) {
    throw invalidParameter('cursor', `a nextCursor of this workflow and of order=${order}`, cursor);
  }
  const afterSeq = after === undefined ? undefined : await positionOf(store, ids, after);
  // An id that this store never assigned has no older logs here.
  const throughSeq = upTo === undefined ? undefined : ((await positionOf(store, ids, upTo)) ?? 0);
  const page = await store.query({
    filter,
    order,
    limit,
    signal,
    ...(afterSeq !== undefined && { afterSeq }),
    ...(throughSeq !== undefined && { throughSeq }),
    ...(cursorSeq !== undefined && { cursorSeq }),
  });
  const isUnknown = after !== undefined && afterSeq === undefined;
  send(res, page, ids, order, isUnknown ? 'unknown-id' : page.trimmed ? 'trimmed' : null);
}

/** @param gap why logs may be missing between the previous page, or `after`, and this page; null if none are */
function send(res: Response, page: LogPage, ids: EventIds, order: 'asc' | 'desc', gap: string | null): void {
  const last = page.logs.at(-1);
  const stored = page.logs.filter(({ log }) => log !== undefined);
  const damaged = page.logs.find((entry) => entry.log === undefined);
  const body = {
    logs: stored.map(({ log }) => log),
    // A list of its own, because the shape of a log document is fixed.
    ids: stored.map(({ seq }) => ids.encode(seq)),
    nextCursor: page.more && last !== undefined ? ids.encode(last.seq, order) : null,
    total: page.total,
    gap: gap ?? damaged?.gap ?? null,
  };
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  // A stream opened with this id starts exactly where the page ends.
  res.setHeader('Last-Event-ID', ids.encode(page.lastSeq, 'position'));
  res.end(JSON.stringify(body));
}
