import type { Request, Response } from 'express';
import { seqOf } from './event-id.ts';
import { idFrame, UNKNOWN_ID } from './frames.ts';
import type { LogStreamConfig } from './options.ts';
import { parseStreamRequest, type StreamRequest } from './query.ts';
import type { ReaderStart } from './reader.ts';
import type { Streams } from './streams.ts';
import type { LogStore } from './types.ts';

/** Opens an event stream: where to start, the headers, the first lines, then a reader of its own. */
export async function openStream(
  config: LogStreamConfig,
  streams: Streams,
  req: Request,
  res: Response,
): Promise<void> {
  const request = parseStreamRequest(req);
  if (req.method === 'HEAD') {
    sendHead(res);
    res.end();
    return;
  }
  // Gone already, behind some slow middleware: its close has been and will not come again.
  if (res.destroyed) return;
  const begin = streams.admit(res);
  // Before the headers: while the store is down the answer can still be 503, where a 200 would be a broken stream.
  const { start, firstLines } = await startOf(config.store, request);
  if (res.destroyed || streams.closing) {
    res.destroy();
    return;
  }
  sendHead(res);
  begin(start, `${config.retryMs === false ? '' : `retry: ${config.retryMs}\n\n`}${firstLines}`);
}

function sendHead(res: Response): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  res.setHeader('Cache-Control', 'no-cache, no-transform');
  res.setHeader('X-Accel-Buffering', 'no');
  res.flushHeaders();
}

async function startOf(
  store: LogStore,
  { filter, lastEventId, history }: StreamRequest,
): Promise<{ start: ReaderStart; firstLines: string }> {
  const epoch = await store.epoch();
  const bounds = await store.bounds();
  if (lastEventId !== undefined) {
    const seq = seqOf(lastEventId, epoch, bounds);
    if (seq !== undefined) return { start: { epoch, filter, position: seq, announced: seq }, firstLines: '' };
    return { start: { epoch, filter, position: bounds.firstSeq - 1, announced: -1 }, firstLines: UNKNOWN_ID };
  }
  if (history > 0) {
    const { logs } = await store.query({ filter, order: 'desc', limit: history, total: false });
    const oldest = logs.at(-1);
    // Only the place is kept: from there on history is read as any reader reads, so there is no splice to get wrong.
    if (oldest) return { start: { epoch, filter, position: oldest.seq - 1, announced: -1 }, firstLines: '' };
  }
  // Live from now on. The browser gets an id at once: cut before its first event, it still comes back to this place.
  const { lastSeq } = bounds;
  return { start: { epoch, filter, position: lastSeq, announced: lastSeq }, firstLines: idFrame(epoch, lastSeq) };
}
