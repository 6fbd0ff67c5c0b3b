import type { SseProxyError } from '../errors.ts';
import type { CloseReason } from '../types.ts';

/**
 * Receives whole frames, one or more at a time. Third of the interfaces on the event path: `Feed` calls the first
 * implementation, each of them calls the next one, and the last calls `ChunkSink.write`. In this order:
 *
 * 1. `TransformStage`, only with `share.transform`
 * 2. `SharedFeed`, which calls the next stage of every browser, or `DedicatedSubscription`
 * 3. `TransformStep`, only with `transform`
 * 4. `ResponseWriter`
 */
export interface EventHandler {
  /**
   * Receives whole frames, in order: `buffer.subarray(start, end)`. The bytes are valid only during the call, unless
   * the caller promises more. `events` is the number of frames for which a browser dispatches an event: 0 for a
   * comment, a lone id or a lone `retry:`.
   *
   * `id` is the id of a single frame, as a byte string; undefined if the frame has none, or if several frames are
   * joined.
   *
   * @returns false if the stage is full. It has accepted the frames; the caller stops until it is resumed.
   */
  onFrames(buffer: Buffer, start: number, end: number, events: number, id: string | undefined): boolean;
  /**
   * Receives one of our own events, between two frames. `isReplayed` is true if browsers that read the preceding frames
   * later must receive it in the same place (a gap), false if it only describes this moment.
   */
  onControlEvent(bytes: Buffer, isReplayed: boolean): void;
  /**
   * Nothing follows. Called once. `error` is undefined after a clean end; then `notBeforeMs`, if known, is how long to
   * wait before the upstream is requested again, in milliseconds.
   */
  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void;
}
