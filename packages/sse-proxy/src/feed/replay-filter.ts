import { isSendableId } from '../http.ts';
import type { GapReason } from '../types.ts';
import { idDigest } from './frame-mark.ts';
import { KnownFrames } from './known-frames.ts';
import { isNumber, type ReplayWindow, replayWindow } from './replay-window.ts';

/** With an incomplete window, catching up ends after this many unknown frames. */
const maxPassed = 100 * replayWindow;

/** A frame that arrived after a resume. */
export interface ReceivedFrame {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly events: number;
  readonly id: string | undefined;
  /** The proxy's own id that it came with. */
  readonly ownId: string | undefined;
  /** True for an event that exceeded `maxEventBytes`: its bytes are only a digest of it. */
  readonly isOversized: boolean;
}

/**
 * What to do with a frame. Before it, deliver the frames of {@link ReplayFilter.takeReleased}.
 * - `new`: deliver it.
 * - `repeat`: drop it.
 * - `late-repeat`: report the gap `replay-too-long`, then drop it. It proves too late that frames of this connection
 *   which were passed as `new` were repeats: they were delivered twice.
 * - `held`: undecided. Call {@link ReplayFilter.expire} if nothing decides it in time.
 * - `restarted`: report the gap `ids-restarted`, then deliver it.
 */
export type Verdict = 'new' | 'repeat' | 'late-repeat' | 'held' | 'restarted';

interface HeldFrame {
  readonly frame: ReceivedFrame;
  /** True if it equals a delivered frame; false if it has not been seen. */
  readonly isKnown: boolean;
}

/**
 * Recognises, after one resume, the frames that were delivered before.
 *
 * A frame equal in id and content to a remembered one is a repeat. Frames that precede the last delivered one are
 * repeats too, even if they are not remembered, so frames are held while the last delivered frame may still arrive. A
 * known id with other content, or a number that went back, shows that the ids restarted; then nothing is a repeat.
 */
export class ReplayFilter {
  /** Why continuity can't be proven; undefined if it can. */
  readonly doubt: GapReason | undefined;
  readonly #window: ReplayWindow;
  readonly #maxHeldBytes: number;
  readonly #cursor: string;

  #isCatchingUp = false;
  /** Created at the first frame after a resume: an idle stream must not pay for it. */
  #known: KnownFrames | undefined;
  /** Position of the first of the newest frames, those that have the cursor as their id. */
  #groupStart = 0;
  /** Number of frames from `#groupStart` on that have not been repeated yet. */
  #groupLeft = 0;
  /** True if nothing that was delivered has been forgotten: then a frame that is not remembered is new. */
  #isComplete = true;
  #isAscending = false;
  /** Position of the last frame that was delivered before the resume. */
  #last = -1;
  /** Position of the last repeat; -1 before the first. */
  #at = -1;
  #hasSeenLast = false;
  /** Number of frames passed as new since the resume. */
  #passed = 0;
  /** How many of them may have been repeats. */
  #unproven = 0;
  /** True once a number after the cursor arrived: the upstream has resumed, though it may still repeat frames. */
  #hasGoneOn = false;
  #isRestartLikely = false;
  readonly #held: HeldFrame[] = [];
  #heldBytes = 0;
  #released: ReceivedFrame[] = [];

  /**
   * @param window what was delivered before the resume
   * @param cursor the Last-Event-ID of the resume
   * @param maxHeldBytes most bytes of frames that are held
   */
  constructor(window: ReplayWindow, cursor: string, maxHeldBytes: number) {
    this.#window = window;
    this.#cursor = cursor;
    this.#maxHeldBytes = maxHeldBytes;
    this.doubt = this.#begin();
  }

  #begin(): GapReason | undefined {
    const cursor = this.#cursor;
    if (cursor === '') return 'no-ids';
    if (!isSendableId(cursor)) return 'unusable-id';
    const window = this.#window;
    this.#isCatchingUp = true;
    this.#isComplete = window.isComplete;
    this.#isAscending = window.ascendsTo(cursor);
    const last = window.end - 1;
    this.#last = last;
    const lastId = last < 0 ? undefined : window.idAt(last);
    this.#groupStart = window.end;
    const isGroup = lastId === idDigest(cursor);
    while (isGroup && this.#groupStart > window.start && window.idAt(this.#groupStart - 1) === lastId)
      this.#groupStart--;
    this.#groupLeft = window.end - this.#groupStart;
    // Frames without an id followed the last one with an id: whether the upstream repeats them can't be determined.
    return last >= 0 && lastId === undefined ? 'no-ids' : undefined;
  }

  /** False once it is decided that only new frames follow. Until then, {@link classify} every frame. */
  get isCatchingUp(): boolean {
    return this.#isCatchingUp;
  }

  /** True until the window has been copied. Before, the window must not forget anything. */
  get needsWindow(): boolean {
    return this.#isCatchingUp && this.#known === undefined;
  }

  /** Decides about a frame that arrived while {@link isCatchingUp}. */
  classify(frame: ReceivedFrame): Verdict {
    // Not at the resume: thousands of quiet streams may resume together, and none of them needs it.
    this.#known ??= new KnownFrames(this.#window);
    const known = this.#known;
    const { buffer, start, end, id } = frame;
    known.lookFor(buffer, start, end, id);
    const position = this.#positionIn(known, id);
    return position === undefined ? this.#classifyUnknown(frame, known) : this.#classifyKnown(frame, position);
  }

  /** Frames to deliver before the one that was classified. */
  takeReleased(): ReceivedFrame[] {
    const released = this.#released;
    this.#released = [];
    return released;
  }

  /**
   * Decides about the held frames, because no frame has decided in time. Returns how to deliver them; undefined if none
   * is to be delivered.
   */
  expire(): 'new' | 'restarted' | undefined {
    if (!this.#held.some(({ isKnown }) => !isKnown)) {
      if (this.#hasGoneOn) this.#settle();
      return undefined;
    }
    if (this.#isRestartLikely) return this.#restart();
    this.#release((held) => !held.isKnown);
    this.#passed++;
    this.#unproven++;
    return 'new';
  }

  /**
   * The position of the delivered frame that this one repeats. A frame without an id is a repeat only directly after
   * the last repeat.
   */
  #positionIn(known: KnownFrames, id: string | undefined): number | undefined {
    if (id !== undefined) return known.take(this.#at);
    const next = this.#at + 1;
    return this.#at >= 0 && known.isWithoutId(next) ? next : undefined;
  }

  #classifyKnown(frame: ReceivedFrame, position: number): Verdict {
    this.#at = position;
    if (position >= this.#groupStart) this.#groupLeft--;
    const isLast = position === this.#last;
    if (!isLast && !this.#hasSeenLast) {
      return this.#hold(frame, true);
    }
    const isLate = isLast && !this.#isComplete && this.#unproven > 0;
    if (isLast) {
      this.#hasSeenLast = true;
      // Held unknown frames are dropped as repeats. Exceptions: frames with the id of the last delivered one, and all
      // of them if the window is complete, because no delivered frame can have been forgotten then.
      this.#release(({ frame: { id }, isKnown }) => !isKnown && (this.#isComplete || id === this.#cursor));
    }
    if (this.#groupLeft <= 0) this.#settle();
    return isLate ? 'late-repeat' : 'repeat';
  }

  #classifyUnknown(frame: ReceivedFrame, known: KnownFrames): Verdict {
    const { id } = frame;
    if (this.#hasSeenLast) {
      if (id !== undefined && id !== this.#cursor) this.#settle();
      return 'new';
    }
    const mustKeepOrder = this.#held.length > 0;
    if (id === undefined) return mustKeepOrder ? this.#hold(frame, false) : 'new';
    if (id === this.#cursor && this.#groupLeft > 0) {
      if (this.#at >= 0 && this.#at < this.#groupStart) return this.#restart();
      this.#isRestartLikely = true;
      return this.#hold(frame, false);
    }
    if (known.hasId) return this.#restart();
    if (this.#isAscending && isNumber(id) && id !== this.#cursor) {
      if (BigInt(id) > BigInt(this.#cursor)) {
        if (this.#isRestartLikely) return this.#restart();
        if (this.#held.some(({ isKnown }) => !isKnown)) return this.#hold(frame, false);
        this.#hasGoneOn = true;
        return this.#pass();
      }
      if (this.#passed === 0 && !this.#hasGoneOn) {
        if (this.#isComplete) return this.#restart();
        this.#isRestartLikely = true;
        return this.#hold(frame, false);
      }
    }
    if (this.#held.some(({ isKnown }) => !isKnown) || (!this.#isComplete && this.#unproven === 0))
      return this.#hold(frame, false);
    this.#unproven++;
    return this.#pass();
  }

  #pass(): Verdict {
    if (++this.#passed >= (this.#isComplete ? replayWindow : maxPassed)) this.#settle();
    return 'new';
  }

  #hold(frame: ReceivedFrame, isKnown: boolean): Verdict {
    const bytes = frame.end - frame.start;
    // Held repeats are needed only if the ids turn out to have restarted, so they are the first to be dropped.
    while (this.#held[0]?.isKnown && this.#heldBytes + bytes > this.#maxHeldBytes)
      this.#heldBytes -= this.#held.shift()?.frame.end ?? 0;
    if (this.#heldBytes + bytes <= this.#maxHeldBytes) {
      const buffer = Buffer.from(frame.buffer.subarray(frame.start, frame.end));
      this.#held.push({ frame: { ...frame, buffer, start: 0, end: bytes }, isKnown });
      this.#heldBytes += bytes;
      return isKnown ? 'repeat' : 'held';
    }
    const outcome = this.expire();
    return outcome === 'restarted' || !isKnown ? (outcome ?? 'new') : 'repeat';
  }

  #release(isWanted: (held: HeldFrame) => boolean): void {
    for (const held of this.#held) if (isWanted(held)) this.#released.push(held.frame);
    this.#held.length = 0;
    this.#heldBytes = 0;
  }

  /** The ids restarted: forgets what was delivered before the resume. */
  #restart(): 'restarted' {
    this.#release(() => true);
    this.#window.forgetBefore(this.#last + 1);
    this.#settle();
    return 'restarted';
  }

  #settle(): void {
    this.#isCatchingUp = false;
    this.#held.length = 0;
    this.#heldBytes = 0;
  }
}
