/**
 * Decodes a body chunk by chunk, until it ends or `signal` is aborted. A BOM is kept: the parser of event streams
 * strips it, and only at the start [R21].
 */
export async function* readText(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const reader = body.getReader();
  // WebKit may ignore the signal of a request once it has the response: the abort alone would not end the connection.
  const stop = () => reader.cancel().catch(() => {});
  signal.onabort = stop;
  if (signal.aborted) stop();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield decoder.decode(value, { stream: true });
  }
}
