import { createParser } from 'eventsource-parser';
import { failed, type Outcome, shortText } from './outcome.ts';
import { readText } from './read-text.ts';

const ended = 'The server ended the stream';

/** What a stream says, in order. */
export interface StreamHandlers {
  /** Any bytes, comments too. Before what they say. */
  bytes(): void;
  id(id: string): void;
  event(event: { id: string; event: string; data: string }): void;
  gap(gap: { reason: string; from: number; to: number }): void;
  retry(ms: number): void;
  /** A chunk has been read to its end, and the stream goes on. */
  settled(): void;
}

/**
 * Reads until the stream ends, breaks, or says by an event of the proxy's that it is over. What comes after such an
 * event, or after half of one, is not used: the cursor has not moved past it.
 */
export async function readStream(
  body: ReadableStream<Uint8Array>,
  maxEventChars: number,
  on: StreamHandlers,
): Promise<Outcome> {
  let over: Outcome | undefined;
  /** Not given on before it is known what becomes of its event. */
  let id: string | undefined;
  const giveId = () => {
    if (id !== undefined && !over) on.id(id);
    id = undefined;
  };
  const tooLarge = () => {
    over ??= failed('EVENT_TOO_LARGE', `An event is larger than ${maxEventChars} characters`);
  };
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onId: (given) => {
      id = given;
    },
    onEvent: ({ id: own = '', event = 'message', data }) => {
      if (data.length > maxEventChars) tooLarge();
      giveId();
      if (over) return;
      if (!event.startsWith('sse-proxy:')) on.event({ id: own, event, data });
      else if (event === 'sse-proxy:gap') on.gap(readGap(data));
      else over = readFarewell(event, data);
    },
    onRetry: on.retry,
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') tooLarge();
    },
  });
  for await (const text of readText(body)) {
    on.bytes();
    parser.feed(text);
    giveId();
    if (over) return over;
    on.settled();
  }
  return failed('ENDED', ended);
}

function readGap(data: string): { reason: string; from: number; to: number } {
  const { reason, from, to } = readData(data);
  return { reason: shortText(reason) ?? 'unknown', from: Date.parse(from), to: Date.parse(to) };
}

/** A refusal or an announced end; an event of the proxy's that is not known yet says nothing. */
function readFarewell(event: string, data: string): Outcome | undefined {
  const { reason: why, retryMs } = readData(data);
  const reason = shortText(why);
  const notBeforeMs = typeof retryMs === 'number' ? retryMs : 0;
  if (event === 'sse-proxy:refused')
    return failed('REFUSED', "The server can't serve this now", { reason }, { status: 'refused', notBeforeMs });
  if (event === 'sse-proxy:end') return failed('ENDED', ended, { reason }, { notBeforeMs });
  return undefined;
}

function readData(data: string) {
  try {
    return Object(JSON.parse(data));
  } catch {
    return {};
  }
}
