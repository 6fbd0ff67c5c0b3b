import { SseProxyError } from '../../errors.ts';
import { startTimeout } from '../../lifecycle/timeout.ts';
import { parseEvent } from '../../sse/events.ts';
import { lateLineFeed } from '../../sse/fields.ts';
import type { CloseReason, ShareOptions, SseEvent } from '../../types.ts';
import type { FeedHandler } from '../feed-parts.ts';
import { contentDigest } from '../frame-mark.ts';
import type { IdAssigner } from './assigned-ids.ts';
import { encodeTransformed } from './transformed-event.ts';

/** Above this many held bytes, nothing is read from the upstream. */
const maxHeldBytes = 65_536;

const nothing = () => {};

/** `share.transform`, and the longest wait for its promise in milliseconds. */
export interface SharedTransform {
  readonly call: NonNullable<ShareOptions['transform']>;
  readonly timeoutMs: number;
}

/** The stage after a {@link TransformStage}: a shared feed. */
export interface TransformedHandler extends FeedHandler {
  /** `digest` identifies the frame as the upstream sent it; undefined for a comment. */
  onFrames(
    buffer: Buffer,
    start: number,
    end: number,
    events: number,
    id: string | undefined,
    digest?: string,
  ): boolean;
  /** {@link TransformStage.isFull} may have changed. */
  onBacklog(): void;
  /** Ends the feed. It closes this stage. */
  end(reason: CloseReason, error: SseProxyError): void;
}

/** What follows a pending event. `isReplayed` is undefined for a frame: see {@link FeedHandler}. */
interface Held {
  readonly bytes: Buffer;
  readonly events: number;
  readonly id: string | undefined;
  readonly ownId: string | undefined;
  readonly isReplayed: boolean | undefined;
}

/** An event as the upstream sent it: its id as a byte string and as text, and the digest of its frame. */
interface Original {
  /** The id of our own that it came with. */
  readonly ownId: string | undefined;
  readonly id: string | undefined;
  readonly idText: string | undefined;
  readonly digest: string;
}

/**
 * Stage between an upstream connection and its shared feed: calls `share.transform` once per event, in order. While a
 * promise is pending, everything that follows is held. If the transform fails, the feed ends: the event can't be
 * skipped silently, and browsers can resume from its predecessor's id.
 */
export class TransformStage implements FeedHandler {
  readonly needsIds = true;
  readonly #transform: SharedTransform;
  readonly #next: TransformedHandler;
  readonly #ids: Pick<IdAssigner, 'current'>;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #isPending = false;
  #isClosed = false;
  /** The feed's end, if it came while a promise was pending. */
  #end: Parameters<FeedHandler['onEnd']> | undefined;
  #onIdle: (() => void)[] = [];
  #stopTimeout = nothing;

  /** `ids`: holds the id of our own of the frame that this stage is called with, and of the one that it passes on. */
  constructor(transform: SharedTransform, next: TransformedHandler, ids: Pick<IdAssigner, 'current'> | undefined) {
    this.#transform = transform;
    this.#next = next;
    this.#ids = ids ?? { current: undefined };
  }

  get browsers(): number {
    return this.#next.browsers;
  }

  /** True while events that were received have not reached the feed. */
  get isPending(): boolean {
    return this.#isPending || this.#held.length > 0;
  }

  /** True if more than {@link maxHeldBytes} are held, so that the upstream must be paused. */
  get isFull(): boolean {
    return this.#heldBytes > maxHeldBytes;
  }

  /** Resolves once everything that was received has reached the feed, or the stage is closed. */
  async whenIdle(): Promise<void> {
    if (this.isPending) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** The feed has ended: drops what is held. */
  close(): void {
    this.#isClosed = true;
    this.#stopTimeout();
    this.#isPending = false;
    this.#held.length = 0;
    this.#heldBytes = 0;
    this.#wakeIdle();
  }

  onFrames(buffer: Buffer, start: number, end: number, events: number, id: string | undefined): boolean {
    if (this.#isClosed) return true;
    if (!this.isPending) this.#process(buffer, start, end, events, id);
    else {
      // A late line feed is recognised by identity.
      const bytes = buffer === lateLineFeed ? buffer : Buffer.from(buffer.subarray(start, end));
      this.#hold({ bytes, events, id, ownId: this.#ids.current, isReplayed: undefined });
    }
    return true;
  }

  onChunkEnd(): void {
    if (!this.#isClosed) this.#next.onChunkEnd();
  }

  onControlEvent(bytes: Buffer, isReplayed: boolean): void {
    if (this.#isClosed) return;
    if (this.isPending) this.#hold({ bytes, events: 0, id: undefined, ownId: undefined, isReplayed });
    else this.#next.onControlEvent(bytes, isReplayed);
  }

  onEnd(reason: CloseReason, error: SseProxyError | undefined, notBeforeMs?: number): void {
    if (this.isPending) this.#end = [reason, error, notBeforeMs];
    else this.#next.onEnd(reason, error, notBeforeMs);
  }

  #hold(held: Held): void {
    const wasFull = this.isFull;
    this.#held.push(held);
    this.#heldBytes += held.bytes.length;
    if (!wasFull && this.isFull) this.#next.onBacklog();
  }

  #process(buffer: Buffer, start: number, end: number, events: number, id: string | undefined): void {
    if (events === 0) {
      const digest = id === undefined ? undefined : contentDigest(buffer, start, end);
      this.#next.onFrames(buffer, start, end, 0, id, digest);
      return;
    }
    const event = parseEvent(buffer.subarray(start, end));
    // Before the call, which may change the event.
    const { current: ownId } = this.#ids;
    const original = { ownId, id, idText: event.id, digest: contentDigest(buffer, start, end) };
    try {
      const result = this.#transform.call(event);
      if (this.#isClosed) return;
      if (isPromiseLike(result)) this.#await(original, result);
      else this.#deliver(original, result);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #await(original: Original, result: PromiseLike<SseEvent | null>): void {
    const { timeoutMs } = this.#transform;
    let hasSettled = false;
    const settle = (apply: () => void) => {
      if (hasSettled || this.#isClosed) return;
      hasSettled = true;
      this.#stopTimeout();
      this.#isPending = false;
      apply();
    };
    this.#isPending = true;
    this.#stopTimeout = startTimeout(timeoutMs, () => {
      const message = `share.transform did not settle within hookTimeoutMs (${timeoutMs})`;
      settle(() => this.#fail(new SseProxyError('ERR_SSE_HOOK_TIMEOUT', { message })));
    });
    Promise.resolve(result)
      .then((changed) =>
        settle(() => {
          this.#deliver(original, changed);
          this.#processHeld();
        }),
      )
      .catch((cause) => {
        this.#isPending = false;
        this.#fail(cause);
      });
  }

  // A frame that arrives meanwhile is held too, because the queue is emptied only when all of it has been processed.
  #processHeld(): void {
    let done = 0;
    while (!this.#isPending && !this.#isClosed && done < this.#held.length) {
      const { bytes, events, id, ownId, isReplayed } = this.#held[done++] as Held;
      this.#heldBytes -= bytes.length;
      if (isReplayed !== undefined) this.#next.onControlEvent(bytes, isReplayed);
      else {
        this.#ids.current = ownId;
        this.#process(bytes, 0, bytes.length, events, id);
      }
    }
    if (this.#isClosed) return;
    this.#held.splice(0, done);
    this.#next.onChunkEnd();
    if (this.#isPending || this.#isClosed) return this.#next.onBacklog();
    if (this.#end) this.#next.onEnd(...this.#end);
    this.#wakeIdle();
    this.#next.onBacklog();
  }

  #wakeIdle(): void {
    for (const wake of this.#onIdle.splice(0)) wake();
  }

  /** @throws TypeError if the result is neither an event nor `null` */
  #deliver({ ownId, id, idText, digest }: Original, result: SseEvent | null): void {
    const bytes = encodeTransformed(result, id, idText);
    this.#ids.current = ownId;
    if (bytes) this.#next.onFrames(bytes, 0, bytes.length, result === null ? 0 : 1, id, digest);
  }

  #fail(cause: unknown): void {
    if (this.#isClosed) return;
    const message = 'share.transform failed';
    this.#next.end('transform-failed', new SseProxyError('ERR_SSE_TRANSFORM', { message, cause }));
  }
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function';
}
