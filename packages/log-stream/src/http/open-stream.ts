import { hash } from 'node:crypto';
import type { Response } from 'express';
import { Limiter } from '../limits/limiter.ts';
import type { LogLoss, LogStore } from '../log-store.ts';
import { idFrame, lossFrames, retryLine } from '../stream/frames.ts';
import type { ReaderStart } from '../stream/reader.ts';
import { selectionOf } from '../stream/shared-reads.ts';
import { parseStreamRequest, type StreamRequest } from './query.ts';
import type { Handle, Service } from './route.ts';

/**
 * Creates the handler that opens an event stream: it finds the start position, sends the first lines, starts a reader.
 */
export function streamOpener({ config, streams, notify }: Service): Handle {
  const limiter = new Limiter(config.limits.rules);
  const watchesEvents = config.observers.some(({ onEvent }) => onEvent !== undefined);
  return async (request, res) => {
    const { req, scope, key } = request;
    const wanted = parseStreamRequest(req, scope);
    if (req.method === 'HEAD') {
      setStreamHeaders(res);
      res.end();
      return;
    }
    // The browser left during an earlier middleware, so 'close' was emitted before a listener could be added here.
    if (res.destroyed) return;
    request.resumed = wanted.lastEventId !== undefined;
    let openedAt: number | undefined;
    const onGap = (reason: string) => notify('onGap', { stream: request.info, reason });
    const begin = streams.admit(res, {
      get info() {
        return request.info;
      },
      onFirstEvent: () => notify('onFirstEvent', { stream: request.info, waitedMs: request.waitedMs }),
      ...(watchesEvents && { onEvent: (event) => notify('onEvent', { stream: request.info, event }) }),
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
    const { start, firstLines, gap } = await startOf(config.store, wanted, left.signal);
    if (res.destroyed || streams.closing) {
      res.destroy();
      return;
    }
    setStreamHeaders(res);
    res.flushHeaders();
    openedAt = performance.now();
    const lastEventIdHash = wanted.lastEventId === undefined ? undefined : hashOf(wanted.lastEventId);
    notify('onOpen', { stream: request.info, waitedMs: request.waitedMs, lastEventIdHash });
    begin(start, (config.retryMs === false ? '' : retryLine(config.retryMs)) + firstLines);
    if (gap !== undefined) onGap(gap);
  };
}

/** Hashes as the proxy does, so that the log lines of both can be compared. Ids of this service are ASCII. */
function hashOf(id: string): string {
  return hash('sha256', id, 'hex').slice(0, 16);
}

/** Sets the same headers as the proxy [R7]. */
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
): Promise<{ start: ReaderStart; firstLines: string; gap?: LogLoss }> {
  const selection = selectionOf(store, filter);
  if (lastEventId !== undefined) {
    const { cursor: position, gap } = await store.resume(lastEventId, filter);
    const start = { selection, position, isAnnounced: gap === undefined };
    return gap === undefined ? { start, firstLines: '' } : { start, firstLines: lossFrames[gap], gap };
  }
  if (history > 0) {
    // The reader starts there like any other, so history and live logs need not be joined.
    const position = await store.newest(filter, history, signal);
    if (position !== undefined) return { start: { selection, position, isAnnounced: false }, firstLines: '' };
  }
  // Live from now on. The id lets a browser that is cut before its first event resume here.
  const position = await store.end(filter);
  const firstLines = idFrame(selection.format, position);
  return { start: { selection, position, isAnnounced: true }, firstLines };
}
