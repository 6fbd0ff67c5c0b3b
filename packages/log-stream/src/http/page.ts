import type { Response } from 'express';
import type { LogFilter, LogPage, LogQuery, LogStore } from '../log-store.ts';
import type { PageSlots } from './page-slots.ts';
import { invalidParameter, type PageRequest, parsePageRequest } from './query.ts';
import type { Handle, Service } from './route.ts';

/** Creates the handler that sends one page of a workflow's logs. */
export function pageSender({ config: { store } }: Service, slots: PageSlots): Handle {
  return async ({ req, scope }, res) => {
    const wanted = parsePageRequest(req, scope, store);
    await slots.run(res, (signal) => sendPage(store, wanted, signal, res));
  };
}

async function sendPage(store: LogStore, wanted: PageRequest, signal: AbortSignal, res: Response): Promise<void> {
  const { filter, order, limit, cursor: pageEnd, after: afterId, upTo: upToId } = wanted;
  const cursor = pageEnd === undefined ? undefined : await store.locate(pageEnd, filter, order);
  if (pageEnd !== undefined && cursor === undefined) {
    throw invalidParameter('cursor', `a nextCursor of this workflow and of order=${order}`, pageEnd);
  }
  const after = afterId === undefined ? undefined : await store.locate(afterId, filter, 'event', 'position');
  // An id that is unknown here has no older logs here.
  const upTo = upToId === undefined ? undefined : ((await store.locate(upToId, filter, 'event', 'position')) ?? 'none');
  const query: LogQuery = {
    filter,
    order,
    limit,
    signal,
    ...(after && { after }),
    ...(upTo && { upTo }),
    ...(cursor && { cursor }),
  };
  const page = await store.query(query);
  const isUnknown = afterId !== undefined && after === undefined;
  send(res, store, page, filter, order, isUnknown ? 'unknown-id' : page.trimmed ? 'trimmed' : null);
}

/** @param gap why logs may be missing between the previous page, or `after`, and this page; null if none are */
function send(
  res: Response,
  store: LogStore,
  page: LogPage,
  filter: LogFilter,
  order: 'asc' | 'desc',
  gap: string | null,
): void {
  const last = page.logs.at(-1);
  const stored = page.logs.filter(({ log }) => log !== undefined);
  const damaged = page.logs.find((entry) => entry.log === undefined);
  const body = {
    logs: stored.map(({ log }) => log),
    // A list of its own, because the shape of a log document is fixed.
    ids: stored.map(({ cursor }) => store.idOf(cursor, filter, 'event')),
    nextCursor: page.more && last !== undefined ? store.idOf(last.cursor, filter, order) : null,
    total: page.total,
    gap: gap ?? damaged?.gap ?? null,
  };
  res.statusCode = 200;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  // A stream that is opened with this id delivers every log that was not visible yet when the page was read.
  res.setHeader('Last-Event-ID', store.idOf(page.position, filter, 'position'));
  res.end(JSON.stringify(body));
}
