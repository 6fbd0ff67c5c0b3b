import { createParser } from 'eventsource-parser';
import type { StreamConfig } from '../options.ts';
import { type ControlHandlers, endedMessage, handleControlEvent, isControlEvent } from './control-events.ts';
import { failed, type Outcome } from './outcome.ts';
import { readText } from './read-text.ts';
import type { SizeLimit } from './size-limit.ts';

/** What a stream contains, in order. */
export interface StreamHandlers extends ControlHandlers {
  /** Bytes have arrived; comments count, the bytes of a discarded event don't. Called before what they contain. */
  bytes(): void;
  id(id: string): void;
  event(event: { id: string; event: string; data: string }): void;
  retry(ms: number): void;
  /** A chunk has been handled. The next one is not read before the promise resolves. */
  settled(): Promise<void> | undefined;
}

/**
 * Reads until the stream ends or breaks, or until an event of the proxy ends it. What follows such an event is ignored,
 * as is an incomplete event at the end: neither moves the cursor.
 */
export async function readStream(
  body: ReadableStream<Uint8Array>,
  { maxEventChars, temporaryStatuses }: Pick<StreamConfig, 'maxEventChars' | 'temporaryStatuses'>,
  signal: AbortSignal,
  on: StreamHandlers,
): Promise<Outcome> {
  let over: Outcome | undefined;
  /** An id is held back until its event is known to be used. */
  let heldId: string | undefined;
  /** Undefined as long as no event can be too large. */
  let limit: SizeLimit | undefined;
  /** The text since the last blank line, or since an earlier one. It contains at least the unfinished event. */
  let unfinished = '';
  let lastChar = '';

  function releaseId(): void {
    if (heldId !== undefined && !over) on.id(heldId);
    heldId = undefined;
  }

  const parser = createParser({
    onId: (id) => {
      // [R23] A lone id takes effect, too.
      releaseId();
      heldId = id;
    },
    onEvent: ({ id = '', event = 'message', data }) => {
      releaseId();
      if (over) return;
      if (isControlEvent(event)) over = handleControlEvent(event, data, temporaryStatuses, on);
      else on.event({ id, event, data });
    },
    onRetry: on.retry,
  });

  function feed(text: string): void {
    parser.feed(text);
    releaseId();
  }

  function addUnfinished(text: string): void {
    const joined = lastChar + text;
    const blankLine = Math.max(...['\n\n', '\n\r', '\r\r'].map((ends) => joined.lastIndexOf(ends)));
    // The line end in front marks that this is not the start of the stream, which may have a BOM.
    unfinished = blankLine < 0 ? unfinished + text : joined.slice(blankLine + 1);
    lastChar = joined.slice(-1);
  }

  for await (const text of readText(body, signal)) {
    if (!limit?.isDiscarding) on.bytes();
    if (!limit && unfinished.length + text.length > maxEventChars)
      limit = (await import('./limit-stream.ts')).limitStream({
        maxChars: maxEventChars,
        unfinished,
        parser,
        on,
        feed,
        isOver: () => over,
        broken: (message) => {
          over ??= failed('EVENT_TOO_LARGE', message);
        },
      });
    if (limit) limit.push(text);
    else {
      addUnfinished(text);
      feed(text);
    }
    if (over) return over;
    await on.settled();
  }
  return failed('ENDED', endedMessage);
}
