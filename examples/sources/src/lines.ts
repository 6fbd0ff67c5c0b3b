import { SseProxyError } from '@datashop/sse-proxy';

/** Longest line, in characters: what a server sends without a line break must not fill the memory. */
const maxLineLength = 1_048_576;

/** Statuses that pass by themselves. */
const temporary = new Set([408, 425, 429]);

/**
 * Requests `url` and returns the lines of its body as they arrive.
 *
 * @throws SseProxyError for another status than 2xx. A 4xx refuses the browser with that status; everything else is
 * temporary: sse-proxy refuses softly, or waits and calls the source again.
 */
export async function followLines(
  url: URL,
  { signal, headers = {} }: { signal: AbortSignal; headers?: Record<string, string> },
): Promise<AsyncGenerator<string>> {
  const { ok, status, body } = await fetch(url, { signal, headers });
  if (ok && body) return splitLines(body);
  await body?.cancel();
  if (status < 400 || status >= 500 || temporary.has(status)) throw new SseProxyError('ERR_SSE_UPSTREAM_BUSY');
  throw new SseProxyError('ERR_SSE_UPSTREAM_REFUSED', { status });
}

/**
 * Yields whole lines. If the body breaks off, its last, incomplete line is dropped: it comes again after the resume.
 */
async function* splitLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() as string;
    if (rest.length > maxLineLength) throw new Error(`a line is longer than ${maxLineLength} characters`);
    yield* lines;
  }
  if (rest !== '') yield rest;
}
