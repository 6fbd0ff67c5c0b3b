import type { SourceContext, SseEvent } from '@datashop/sse-proxy';
import type { Request } from 'express';
import { followLines } from './lines.ts';

/** One record of the server: a line of JSON. Its number is the event's id. */
interface LogRecord {
  readonly seq: number;
  readonly level: string;
}

/**
 * NDJSON over HTTP: follows `base?after=N`, where the server sends each record with a number above N as one line, and
 * keeps the response open for new ones.
 *
 * @param base called with the browser's request; its URL may depend on what `authorize` allows
 */
export function ndjson(base: (req: Request) => URL) {
  return async (req: Request, { lastEventId, signal }: SourceContext): Promise<AsyncIterable<SseEvent>> => {
    const url = base(req);
    if (lastEventId !== undefined) url.searchParams.set('after', lastEventId);
    return toEvents(await followLines(url, { signal }));
  };
}

async function* toEvents(lines: AsyncIterable<string>): AsyncGenerator<SseEvent> {
  for await (const line of lines) {
    // Servers send empty lines as heartbeats.
    if (line === '') continue;
    const { seq, level } = JSON.parse(line) as LogRecord;
    yield { id: String(seq), event: level, data: line };
  }
}
