import type { Request, Response } from 'express';
import { seqOf } from '../event-id.ts';
import type { LogStreamConfig } from '../options.ts';
import { idFrame, retryLine, unknownIdGap } from '../stream/frames.ts';
import type { OpenStreams } from '../stream/open-streams.ts';
import type { ReaderStart } from '../stream/reader.ts';
import type { LogStore } from '../types.ts';
import { parseStreamRequest, type StreamRequest } from './query.ts';

/** Opens an event stream: finds the start position, sends the headers and the first lines, then starts a reader. */
export async function openStream(
  config: LogStreamConfig,
  streams: OpenStreams,
  req: Request,
  res: Response,
): Promise<void> {
  const request = parseStreamRequest(req);
  if (req.method === 'HEAD') {
    setStreamHeaders(res);
    res.end();
    return;
  }
  // The browser left during an earlier middleware: 'close' was emitted before anything here could listen for it.
  if (res.destroyed) return;
  const begin = streams.admit(res);
  // Before the headers are sent: if the store fails now, the response can still be 503.
  const { start, firstLines } = await startOf(config.store, request);
  if (res.destroyed || streams.closing) {
    res.destroy();
    return;
  }
  setStreamHeaders(res);
  res.flushHeaders();
  begin(start, (config.retryMs === false ? '' : retryLine(config.retryMs)) + firstLines);
}

/** The headers that the proxy sends too [R7]. */
function setStreamHeaders(res: Response): void {
  res.statusCode = 200;
  res.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  res.setHeader('Cache-Control', 'private, no-store, no-cache, no-transform');
  res.setHeader('X-Accel-Buffering', 'no');
  res.setHeader('X-Content-Type-Options', 'nosniff');
}

async function startOf(
  store: LogStore,
  { filter, lastEventId, history }: StreamRequest,
): Promise<{ start: ReaderStart; firstLines: string }> {
  const bounds = await store.bounds();
  const { epoch, generation } = bounds;
  if (lastEventId !== undefined) {
    const seq = seqOf(lastEventId, epoch, bounds);
    if (seq !== undefined && (await store.contains(seq)))
      return { start: { epoch, generation, filter, position: seq, announced: seq }, firstLines: '' };
    return {
      start: { epoch, generation, filter, position: bounds.firstSeq - 1, announced: -1 },
      firstLines: unknownIdGap,
    };
  }
  if (history > 0) {
    const { logs } = await store.query({ filter, order: 'desc', limit: history, total: false });
    const oldest = logs.at(-1);
    // Only the position is kept. The reader reads from there like any other, so history and live logs need no splice.
    if (oldest)
      return { start: { epoch, generation, filter, position: oldest.seq - 1, announced: -1 }, firstLines: '' };
  }
  // Live from now on. A browser that is cut before its first event resumes here with the id.
  const { lastSeq } = bounds;
  return {
    start: { epoch, generation, filter, position: lastSeq, announced: lastSeq },
    firstLines: idFrame(epoch, lastSeq),
  };
}
