import { createParser } from 'eventsource-parser';
import { failed, type Outcome, shortText } from './outcome.ts';

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
    onRetry: (ms) => on.retry(ms),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') tooLarge();
    },
  });
  // The parser strips the BOM; the decoder must not strip a second one.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return failed('ENDED', 'The server ended the stream');
    on.bytes();
    parser.feed(decoder.decode(value, { stream: true }));
    giveId();
    if (over) return over;
    on.settled();
  }
}

function readGap(data: string): { reason: string; from: number; to: number } {
  const { reason, from, to } = readData(data);
  return { reason: shortText(reason) ?? 'unknown', from: Date.parse(String(from)), to: Date.parse(String(to)) };
}

/** A refusal or an announced end; an event of the proxy's that is not known yet says nothing. */
function readFarewell(event: string, data: string): Outcome | undefined {
  const said = readData(data);
  const reason = shortText(said.reason);
  const why = reason ? `: ${reason}` : '';
  const more = { reason, notBeforeMs: typeof said.retryMs === 'number' ? said.retryMs : 0 };
  if (event === 'sse-proxy:refused')
    return failed('REFUSED', `The server can't serve this now${why}`, { status: 'refused', ...more });
  if (event === 'sse-proxy:end') return failed('ENDED', `The server ended the stream${why}`, more);
  return undefined;
}

function readData(data: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(data));
  } catch {
    return {};
  }
}
