import type { IncomingHttpHeaders } from 'node:http';
import type { SseProxyError } from '../../errors.ts';
import type { RelayContent, RelayEntry, RelayLog, RelayPosition } from '../../types.ts';
import { Leadership } from './leadership.ts';
import { metaEntry } from './relay-meta.ts';
import type { CallParts, RelayTarget } from './relay-parts.ts';
import { UpstreamReader, type UpstreamReaderListener } from './upstream-reader.ts';

/** Notifications of an {@link UpstreamSide} to its call. */
export interface UpstreamSideListener {
  /** The first connection is established, and the response has not arrived yet. */
  onReaderConnected(): void;
  /** The upstream has accepted the first request. */
  onReaderOpen(headers: IncomingHttpHeaders): void;
  /** The upstream has refused the first request. */
  onReaderRefused(error: SseProxyError): void;
  /** The lead is claimed: call `connect()`, and read without the log until the upstream has accepted the request. */
  readAlone(): void;
  /** This instance begins to append after `tail`: from now on the feed receives through the log what is read. */
  onLead(tail: RelayPosition): void;
  /** Something was read for this instance alone. */
  onRead(content: RelayContent): void;
  /** The hooks now make a request that belongs to another feed. */
  onMoved(): void;
}

/**
 * The upstream side of a `RelayCall`: reads the upstream for the feed of this instance alone, or as the leader for all
 * instances. The connection is that of its {@link UpstreamReader}, and the lead that of its {@link Leadership}.
 */
export class UpstreamSide implements UpstreamReaderListener {
  readonly #feed: RelayTarget;
  readonly #listener: UpstreamSideListener;
  readonly #leadership: Leadership;
  readonly #reader: UpstreamReader;
  /** Set from the claim of the lead until the upstream has accepted the request: the newest entry at the claim. */
  #claim: RelayPosition | undefined;

  constructor(feed: RelayTarget, call: CallParts, log: RelayLog, listener: UpstreamSideListener) {
    this.#feed = feed;
    this.#listener = listener;
    this.#leadership = new Leadership(log);
    this.#reader = new UpstreamReader(feed, call, this);
  }

  /** See {@link UpstreamReader}. */
  get isFresh(): boolean {
    return this.#reader.isFresh;
  }

  /** True while this instance leads and has appended its start. */
  get isLeading(): boolean {
    return this.#leadership.isActive;
  }

  // Reading for this instance alone

  /** Sends the first request. `isFresh`: no browser of the feed has received anything. */
  connect(isFresh: boolean): void {
    this.#reader.connect(isFresh);
  }

  /** Resumes or pauses the reader. */
  flow(isFlowing: boolean): void {
    if (isFlowing) this.#reader.resume();
    else this.#reader.pause();
  }

  /** The feed goes on in the log, or has ended. */
  close(): void {
    this.#reader.close();
  }

  // Reading as the leader

  /**
   * Claims the lead, which nobody holds. This instance begins to append once the upstream has accepted its first
   * request. Resolves with false if it can't lead.
   */
  claim(canLead: () => boolean): Promise<boolean> {
    return this.#leadership.acquire(undefined, canLead, (tail) => {
      this.#claim = tail;
      this.#listener.readAlone();
    });
  }

  /** The claimed lead is lost. */
  dropClaim(): void {
    this.#claim = undefined;
  }

  /** Succeeds a leader that is gone. The feed has received everything up to `position`, the newest entry. */
  succeed(position: RelayPosition, canLead: () => boolean): Promise<boolean> {
    return this.#leadership.acquire(position, canLead, (tail) => {
      this.#begin(tail, false);
      this.#reader.reconnect();
    });
  }

  /** Begins to lead while reading alone, if nobody leads: what is read goes to the log from then on. */
  lead(canLead: () => boolean): Promise<boolean> {
    return this.#leadership.acquire(undefined, canLead, (tail) => {
      this.#begin(tail, true);
      this.#reader.resume();
    });
  }

  /** Begins to append. `isReset`: what follows does not continue what the log holds. */
  #begin(tail: RelayPosition, isReset: boolean): void {
    this.#listener.onLead(tail);
    const { lastId: cursor, isUntouched } = this.#feed;
    this.#leadership.begin(tail, { cursor, isFresh: isReset && this.#reader.isFresh && isUntouched }, isReset);
    this.#holdBack();
  }

  #holdBack(): void {
    if (this.#leadership.isFull) this.#reader.pause();
  }

  /** The log has stored what was appended. */
  onStored(): void {
    if (this.isLeading && !this.#leadership.isFull) this.#reader.resume();
  }

  /** The feed has received the entry at this position from the log. */
  onReceived(position: RelayPosition): void {
    this.#leadership.onReceived(position);
  }

  /** True if the entry at this position is the start of this instance. */
  isOwnStart(position: RelayPosition): boolean {
    return this.#leadership.isOwnStart(position);
  }

  /** Another instance leads. */
  yield(): void {
    if (this.isLeading) this.#reader.close();
    this.#leadership.stop();
  }

  /**
   * Continues for this instance alone, since the log can't be used any more. Its feed has received everything up to
   * `position`. Returns the entries after that; undefined if they are not available, and then `reconnect()` is needed.
   */
  leaveLog(position: RelayPosition): readonly RelayEntry[] | undefined {
    const missed = this.#leadership.appendedAfter(position);
    this.#leadership.stop();
    if (!missed) this.#reader.close();
    return missed;
  }

  /**
   * Gives up the lead, if this instance has it, because the feed leaves a log that can still be used. A lease that it
   * kept would be renewed without appends, so nobody could lead.
   */
  giveUp(): void {
    if (this.isLeading) this.#leadership.giveUp();
  }

  /** Continues after the last event of the feed, unless the reader is still open. */
  reconnect(): void {
    if (!this.#reader.isOpen) this.#reader.reconnect();
  }

  /** Ends for good. `isLeaving`: the feed goes on elsewhere, so another instance should lead at once. */
  end(isLeaving: boolean): void {
    const leads = this.isLeading || this.#claim !== undefined;
    this.#reader.close();
    if (leads && isLeaving) this.#leadership.giveUp();
  }

  // Notifications of the reader

  onReaderConnected(): void {
    this.#listener.onReaderConnected();
  }

  onReaderOpen(headers: IncomingHttpHeaders): void {
    const claim = this.#claim;
    this.#claim = undefined;
    if (claim !== undefined) {
      this.#begin(claim, true);
      this.#reader.resume();
    }
    this.#listener.onReaderOpen(headers);
  }

  onReaderRefused(error: SseProxyError): void {
    if (this.#claim !== undefined) this.#leadership.giveUp();
    this.#claim = undefined;
    this.#listener.onReaderRefused(error);
  }

  onReaderResumed(): void {
    if (this.isLeading) this.onRead(metaEntry({ connected: true }));
  }

  onRead(content: RelayContent): void {
    if (!this.isLeading) return this.#listener.onRead(content);
    this.#leadership.append(content);
    this.#holdBack();
  }

  onReadEnd(content: RelayContent): void {
    if (this.isLeading) this.#leadership.release(content);
    else this.#listener.onRead(content);
  }

  onMoved(): void {
    this.#listener.onMoved();
  }
}
