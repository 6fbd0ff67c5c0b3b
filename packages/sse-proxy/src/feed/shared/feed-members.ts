import type { Reader } from './reader-group.ts';
import { type FrameParts, SharedFrames } from './shared-frames.ts';

/** The browsers of a shared feed: those that read its frames, and those that have not begun to. */
export abstract class FeedMembers<Member extends Reader> extends SharedFrames {
  /** Every browser of this feed, whether it reads yet or not. */
  readonly members = new Set<Member>();
  /** Moves or ends a member that has read everything: called once for each. Undefined while the feed goes on. */
  protected dismissal: ((member: Member) => void) | undefined;
  readonly #maxBehindBytes: number;
  /** Members that hold back the upstream until they read, so that the ring can't forget their first frames. */
  readonly #unread = new Set<Member>();

  constructor(parts: FrameParts) {
    super(parts);
    this.#maxBehindBytes = parts.maxBehindBytes;
  }

  /** True if the upstream is read although a new member has not begun to read. */
  protected abstract get flowsAtOnce(): boolean;

  /** Number of members: reported to observers. */
  get browsers(): number {
    return this.members.size;
  }

  /** True while the upstream is not read: every reader is behind, or a member has not begun to read. */
  get isHeldBack(): boolean {
    return this.readers.allBehind || this.#unread.size > 0;
  }

  /** True once no frames are added any more. */
  get hasEnded(): boolean {
    return this.dismissal !== undefined;
  }

  enter(member: Member): void {
    this.members.add(member);
    if (this.flowsAtOnce) return;
    this.#unread.add(member);
    this.applyBackPressure();
  }

  /** The member reads from `position` on. */
  attach(member: Member, position: number): void {
    // Frames before the position must not be joined with those that it gets.
    this.flush();
    this.#unread.delete(member);
    this.readers.attach(member, position);
    this.applyBackPressure();
  }

  /** The member has room again. */
  resume(member: Member): void {
    this.readers.resume(member);
    this.applyBackPressure();
  }

  leave(member: Member): void {
    this.members.delete(member);
    this.#unread.delete(member);
    this.readers.detach(member);
    this.applyBackPressure();
  }

  protected onCaughtUp(reader: Reader): boolean {
    const member = reader as Member;
    if (this.dismissal) {
      this.dismissal(member);
      return false;
    }
    member.allowance = this.#maxBehindBytes;
    return true;
  }

  /** Dismisses the members that have not begun to read. */
  protected dismissUnread(): void {
    for (const member of [...this.#unread]) this.dismissal?.(member);
  }

  /** Dismisses the members that have everything. The others follow when they have caught up. */
  protected dismissLive(): void {
    for (const reader of this.readers.live) {
      this.readers.detach(reader);
      this.dismissal?.(reader as Member);
    }
  }
}
