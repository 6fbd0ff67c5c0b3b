import { createParser } from 'eventsource-parser';
import type { StreamConfig } from '../options.ts';
import { type ControlHandlers, endedMessage, handleControlEvent, isControlEvent } from './control-events.ts';
import { failed, type Outcome } from './outcome.ts';
import { readText } from './read-text.ts';
import type { SizeLimit } from './size-limit.ts';
import { createUnfinishedText } from './unfinished-text.ts';

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
 * Reads until the stream ends or breaks, or until an event of the proxy ends it. What follows such an event is ignored, as
 * is an incomplete event at the end: neither moves the cursor.
 */
export async function readStream(
  body: ReadableStream<Uint8Array>,
  { maxEventChars, temporaryStatuses }: Pick<StreamConfig, 'maxEventChars' | 'temporaryStatuses'>,
  on: StreamHandlers,
): Promise<Outcome> {
  let over: Outcome | undefined;
  /** An id is held back until its event is known to be used. */
  let heldId: string | undefined;
  /** Undefined as long as no event can be too large. */
  let limit: SizeLimit | undefined;
  const unfinished = createUnfinishedText();

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

  /** Loads the code that measures events, which most streams don't need. It starts with the text that has been fed. */
  async function limitSize(): Promise<SizeLimit> {
    const { limitEventSize } = await import('./size-limit.ts');
    return limitEventSize(maxEventChars, unfinished.text(), {
      feed,
      forget: () => {
        parser.reset();
        // The parser would strip a BOM from whatever comes first after a reset [R21].
        parser.feed(':\n');
      },
      discarded: (id) => {
        if (over) return;
        on.gap({ reason: 'event-too-large', from: Number.NaN, to: Number.NaN, id: id || undefined });
        if (id !== undefined) on.id(id);
      },
      broken: () => {
        over ??= failed('EVENT_TOO_LARGE', `An event of more than ${maxEventChars} characters does not end`);
      },
    });
  }

  for await (const text of readText(body)) {
    if (!limit?.isDiscarding) on.bytes();
    if (!limit && unfinished.chars + text.length > maxEventChars) limit = await limitSize();
    if (limit) limit.push(text);
    else {
      unfinished.add(text);
      feed(text);
    }
    if (over) return over;
    await on.settled();
  }
  return failed('ENDED', endedMessage);
}
