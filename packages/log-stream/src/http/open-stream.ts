import type { Response } from 'express';
import { positionOf } from '../event-id.ts';
import { Limiter } from '../limits/limiter.ts';
import type { LogFilter, LogStore } from '../log-store.ts';
import { formatOf, idFrame, retryLine, unknownIdGap } from '../stream/frames.ts';
import type { ReaderStart } from '../stream/reader.ts';
import { parseStreamRequest, type StreamRequest } from './query.ts';
import type { Handle, Service } from './route.ts';

/** Creates the handler that opens an event stream: it finds the start position, sends the first lines, starts a reader. */
export function streamOpener({ config, streams, notify }: Service): Handle {
  const limiter = new Limiter(config.limits.rules);
  return async (request, res) => {
    const { req, scope, key } = request;
    const wanted = parseStreamRequest(req, scope);
    if (req.method === 'HEAD') {
      setStreamHeaders(res);
      res.end();
      return;
    }
    // The browser left during an earlier middleware: 'close' was emitted before anything here could listen for it.
    if (res.destroyed) return;
    request.resumed = wanted.lastEventId !== undefined;
    let openedAt: number | undefined;
    const onGap = (reason: string) => notify('onGap', { stream: request.info, reason });
    const begin = streams.admit(res, {
      get info() {
        return request.info;
      },
      onGap,
      onEvict: (bufferedBytes) => notify('onEvict', { stream: request.info, bufferedBytes }),
      onEnd: ({ reason, logs: events, bytes }) => {
        if (openedAt === undefined) return;
        const durationMs = performance.now() - openedAt;
        notify('onClose', { stream: request.info, reason, durationMs, events, bytes });
      },
    });
    const release = limiter.acquire(req, { ...scope, authorizedKey: key });
    const left = new AbortController();
    res.once('close', () => {
      release();
      left.abort();
    });
    // Before the headers are sent: if the store fails now, the response can still be 503.
    const { start, firstLines, isUnknown } = await startOf(config.store, wanted, left.signal);
    if (res.destroyed || streams.closing) {
      res.destroy();
      return;
    }
    setStreamHeaders(res);
    res.flushHeaders();
    openedAt = performance.now();
    notify('onOpen', { stream: request.info });
    begin(start, (config.retryMs === false ? '' : retryLine(config.retryMs)) + firstLines);
    if (isUnknown) onGap('unknown-id');
  };
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
  signal: AbortSignal,
): Promise<{ start: ReaderStart; firstLines: string; isUnknown?: true }> {
  const { epoch, generation, firstSeq, lastSeq } = await store.bounds(filter);
  const format = formatOf(epoch, filter);
  const at = (position: number, announced: number): ReaderStart => ({ epoch, generation, filter, position, announced });
  if (lastEventId !== undefined) {
    const seq = await positionOf(store, format.ids, lastEventId);
    if (seq !== undefined) return { start: at(seq, seq), firstLines: '' };
    return { start: at(firstSeq - 1, -1), firstLines: unknownIdGap, isUnknown: true };
  }
  if (history > 0) {
    const oldest = await oldestOf(store, filter, history, signal);
    // Only the position is kept. The reader reads from there like any other, so history and live logs need no splice.
    if (oldest !== undefined) return { start: at(oldest - 1, -1), firstLines: '' };
  }
  // Live from now on. A browser that is cut before its first event resumes here with the id.
  return { start: at(lastSeq, lastSeq), firstLines: idFrame(format, lastSeq) };
}

/** Returns the number of the oldest of the newest `count` logs, or undefined if there is none. A page may have fewer logs. */
async function oldestOf(
  store: LogStore,
  filter: LogFilter,
  count: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  let oldest: number | undefined;
  for (let found = 0; found < count; ) {
    const cursor = oldest === undefined ? {} : { cursorSeq: oldest };
    const page = await store.query({ filter, order: 'desc', limit: count - found, total: false, signal, ...cursor });
    found += page.logs.length;
    oldest = page.logs.at(-1)?.seq ?? oldest;
    if (!page.more || page.logs.length === 0) break;
  }
  return oldest;
}
