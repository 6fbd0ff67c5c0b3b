import { maxLastEventIdBytes, maxRetryMs } from '../../config/defaults.ts';
import { type FrameId, unusableId } from '../../sse/fields.ts';
import { Framer } from '../../sse/framer.ts';

/** An event, or a lone id, in the bytes of an entry. */
export interface ScannedFrame {
  readonly start: number;
  readonly end: number;
  /** Undefined if it has none, or one that can't be sent back. */
  readonly id: string | undefined;
  /** Number of events before it. */
  readonly before: number;
  readonly isEvent: boolean;
}

const bounds = { maxEventBytes: Number.MAX_SAFE_INTEGER, maxIdBytes: maxLastEventIdBytes, maxRetryMs };

/** The events and lone ids in `data`, which holds whole frames. */
export function scanFrames(data: Buffer): ScannedFrame[] {
  const frames: ScannedFrame[] = [];
  let before = 0;
  const onFrame = (buffer: Buffer, start: number, end: number, events: number, id: FrameId | undefined) => {
    if (events === 0 && id === undefined) return;
    // The framer strips a BOM.
    const offset = buffer.byteOffset - data.byteOffset;
    const text = id === unusableId ? undefined : id?.toString();
    frames.push({ start: offset + start, end: offset + end, id: text, before, isEvent: events > 0 });
    before += events;
  };
  new Framer({ onFrame, onOversizedEvent() {} }, bounds).push(data);
  return frames;
}
