import type { SseProxyError } from '../../errors.ts';
import type { CloseReason } from '../../types.ts';

/** Looks for the place in a live feed at which the readers of a backfill or of a join connection can move there. */
export interface LiveMatcher {
  /**
   * Called before a frame is stored. Returns true if the live feed delivers this frame and all that follow. `digest` is
   * that of the upstream's frame if the bytes are those of a transform.
   */
  matches(buffer: Buffer, start: number, end: number, id: string | undefined, digest: string | undefined): boolean;
  onChunkEnd(): void;
}

/** Called with what a live feed delivers, so that a backfill or a join connection can be matched with it. */
export interface Follower {
  onLiveFrame(id: string, buffer: Buffer, start: number, end: number, digest: string | undefined): void;
  onLiveChunkEnd(): void;
  /** The live feed has ended. */
  onLiveEnd(reason: CloseReason, error: SseProxyError | undefined): void;
}
