import { parseEvent } from '../sse/events.ts';
import { Framer } from '../sse/framer.ts';
import type { SseEvent } from '../types.ts';
import { ResponseWriter, type WriterOwner, type WriterParts } from './response-writer.ts';

/** The stream that a {@link WatchedWriter} belongs to. */
export interface WatchedWriterOwner extends WriterOwner {
  /** An upstream event was written. Called after the `onFirstEvent` of the same event. May end the stream. */
  onEvent(event: SseEvent): void;
}

/** No bounds: the upstream's framer has bounded what is written. */
const unbounded = {
  maxEventBytes: Number.POSITIVE_INFINITY,
  maxIdBytes: Number.POSITIVE_INFINITY,
  maxRetryMs: Number.POSITIVE_INFINITY,
};

/**
 * A response writer that also reports each event that it writes. A class of its own, so that the event path of all
 * other streams has no check for it.
 */
export class WatchedWriter extends ResponseWriter {
  readonly #framer: Framer;

  constructor(parts: WriterParts & { readonly owner: WatchedWriterOwner }) {
    super(parts);
    const { owner } = parts;
    const onFrame = (buffer: Buffer, start: number, end: number, events: number) => {
      if (events > 0) owner.onEvent(Object.freeze(parseEvent(buffer.subarray(start, end))));
    };
    this.#framer = new Framer({ onFrame, onOversizedEvent: () => {} }, unbounded);
  }

  override onFrames(buffer: Buffer, start: number, end: number, events: number): boolean {
    const before = this.events;
    const accepted = super.onFrames(buffer, start, end, events);
    // super.onFrames() writes nothing once the response is ending or its browser was evicted.
    if (this.events > before) this.#framer.push(buffer.subarray(start, end));
    return accepted;
  }
}
