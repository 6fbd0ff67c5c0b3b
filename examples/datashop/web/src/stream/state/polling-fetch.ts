import type { LogPage } from '../logic/pages.ts';

export interface PollingOptions {
  /** The stored logs behind an id, oldest first; without an id, the place behind all of them. */
  page(after: string, signal: AbortSignal): Promise<LogPage>;
  /** Called with the reason when polling begins, and with '' when it ends. */
  onPolling(why: string): void;
  fetch?: typeof fetch;
  /** Milliseconds between two polls. @defaultValue 3_000 */
  pollMs?: number;
  /** Milliseconds after which a stream without a byte counts as buffered on its way. @defaultValue 20_000 */
  silentMs?: number;
  /** Milliseconds between two attempts to get the stream while polling. @defaultValue 60_000 */
  againMs?: number;
}

/** Statuses of a route that does not exist, or that an intermediary blocks. */
const refusedForGood = [404, 405, 406, 410, 501];

const encoder = new TextEncoder();

/**
 * A `fetch` for the live stream. If the route is refused for good, or an intermediary buffers the stream, the response
 * has the same events, polled from the route of the stored logs. It goes on with the stream once that is available.
 */
export function pollingFetch(options: PollingOptions): (url: string, init: RequestInit) => Promise<Response> {
  /** True after a stream that was open without a byte for `silentMs`. */
  let isBuffered = false;
  return async (url, init) => {
    const stream = isBuffered ? buffered : await openStream(url, init, options);
    isBuffered = false;
    if (stream.kind === 'open') {
      options.onPolling('');
      return new Response(
        watched(stream, options, () => {
          isBuffered = true;
        }),
        stream.response,
      );
    }
    const after = idOf(init.headers);
    const signal = init.signal ?? new AbortController().signal;
    // If the stored logs can't be loaded either, the page shows why the stream ended.
    const first = await options.page(after, signal).catch(() => null);
    if (first === null && stream.response) return stream.response;
    if (first === null) throw new TypeError('Neither the stream nor the stored logs can be had');
    options.onPolling(stream.why);
    return polled(url, init, options, after || first.lastEventId);
  };
}

type Bytes = Uint8Array<ArrayBuffer>;
type Reader = ReadableStreamDefaultReader<Bytes>;

type Opened =
  /** `reader` is null for a response that is not 2xx, which the client handles. */
  | { readonly kind: 'open'; readonly response: Response; readonly reader: Reader | null }
  | { readonly kind: 'refused'; readonly why: string; readonly response?: Response };

const buffered: Opened = { kind: 'refused', why: 'no part of the stream gets through' };

/** Resolves when the response's headers have arrived, or have not arrived in time. */
async function openStream(
  url: string,
  init: RequestInit,
  { fetch: send = fetch, silentMs = 20_000 }: PollingOptions,
): Promise<Opened> {
  const leaving = new AbortController();
  const signal = AbortSignal.any([leaving.signal, ...(init.signal ? [init.signal] : [])]);
  const timer = setTimeout(() => leaving.abort(), silentMs);
  try {
    const response = await send(url, { ...init, signal });
    if (refusedForGood.includes(response.status)) {
      return { kind: 'refused', why: `the server responded with ${response.status}`, response };
    }
    const isStream = response.ok && response.headers.get('Content-Type')?.startsWith('text/event-stream');
    if (response.ok && !isStream) return { kind: 'refused', why: 'the server sent no event stream', response };
    return { kind: 'open', response, reader: (response.ok && response.body?.getReader()) || null };
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
    return buffered;
  } finally {
    clearTimeout(timer);
  }
}

/** The body of a stream, which fails if its first byte does not arrive in time. */
function watched(
  { response, reader }: Extract<Opened, { kind: 'open' }>,
  { silentMs = 20_000 }: PollingOptions,
  onSilent: () => void,
): ReadableStream<Bytes> | null {
  if (reader === null) return response.body;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new ReadableStream({
    start(controller) {
      timer = setTimeout(() => {
        onSilent();
        controller.error(new TypeError('The stream has no byte'));
        void reader.cancel();
      }, silentMs);
    },
    async pull(controller) {
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => {
      clearTimeout(timer);
      return reader.cancel(reason);
    },
  });
}

/** The stream and its first bytes; null if it is not available now. */
async function tryAgain(
  url: string,
  init: RequestInit,
  options: PollingOptions,
): Promise<{ reader: Reader; first: Bytes } | null> {
  const opened = await openStream(url, init, options).catch(() => null);
  if (opened?.kind !== 'open' || opened.reader === null) {
    await opened?.response?.body?.cancel();
    return null;
  }
  const { reader } = opened;
  const timer = setTimeout(() => void reader.cancel(), options.silentMs ?? 20_000);
  const { value } = await reader.read();
  clearTimeout(timer);
  return value === undefined ? null : { reader, first: value };
}

/** An event stream of polled events, which goes on with the bytes of the real stream once that is available. */
function polled(url: string, init: RequestInit, options: PollingOptions, from: string): Response {
  const { page, onPolling, pollMs = 3_000, againMs = 60_000 } = options;
  const signal = init.signal ?? new AbortController().signal;
  let after = from;
  let triedAt = performance.now();
  let real: Reader | null = null;
  const body = new ReadableStream<Bytes>({
    start: (controller) => controller.enqueue(encoder.encode(`id: ${from}\n\n`)),
    async pull(controller) {
      if (real === null && performance.now() - triedAt > againMs) {
        const headers = new Headers(init.headers);
        headers.set('Last-Event-ID', after);
        const again = await tryAgain(url, { ...init, headers }, options);
        triedAt = performance.now();
        if (again !== null) {
          real = again.reader;
          onPolling('');
          return controller.enqueue(again.first);
        }
      }
      if (real !== null) {
        const { value, done } = await real.read();
        return done ? controller.close() : controller.enqueue(value);
      }
      await pause(pollMs, signal);
      const { logs, ids, gap } = await page(after, signal);
      after = ids.at(-1) ?? after;
      const events = logs.map((log, index) => `id: ${ids[index]}\ndata: ${JSON.stringify(log)}\n\n`);
      if (gap) events.unshift(`event: sse-proxy:gap\ndata: ${JSON.stringify({ reason: gap })}\n\n`);
      controller.enqueue(encoder.encode(events.join('') || ': nothing new\n\n'));
    },
    cancel: () => real?.cancel(),
  });
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    }
  });
}

/** The client sends an id as UTF-8 bytes, each of them one character. The ids of the log service are ASCII. */
const idOf = (headers: RequestInit['headers']): string => new Headers(headers).get('Last-Event-ID') ?? '';
