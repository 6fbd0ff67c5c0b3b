import type { IncomingHttpHeaders } from 'node:http';
import type { SseProxyError } from '../../errors.ts';
import type { RelayContent, RelayEntry, RelayLog, RelayPosition } from '../../types.ts';
import { Leadership } from './leadership.ts';
import { OwnReader, type OwnReaderListener } from './own-reader.ts';
import { metaEntry } from './relay-meta.ts';
import type { CallParts, RelayTarget } from './relay-parts.ts';

/** What a {@link Reading} needs from its call. */
export interface ReadingListener {
  /** The first connection is established, and the response is still to come. */
  onReaderConnected(): void;
  /** The upstream has accepted the first request. */
  onReaderOpen(headers: IncomingHttpHeaders): void;
  /** The upstream has refused the first request. */
  onReaderRefused(error: SseProxyError): void;
  /** Call `connect()`. */
  readAlone(): void;
  /** This instance begins to append behind `tail`: the feed gets what is read from the log. */
  onLead(tail: RelayPosition): void;
  /** Something was read for this instance alone. */
  onRead(content: RelayContent): void;
  /** The hooks make the request of another feed now. */
  onMoved(): void;
}

/** Reads the upstream: for the feed of this instance alone, or as the leader for all instances. */
export class Reading implements OwnReaderListener {
  readonly #feed: RelayTarget;
  readonly #listener: ReadingListener;
  readonly #leadership: Leadership;
  readonly #reader: OwnReader;
  /** The newest entry when this instance began to lead, until it appends its start: once the upstream is connected. */
  #claim: RelayPosition | undefined;

  constructor(feed: RelayTarget, call: CallParts, log: RelayLog, listener: ReadingListener) {
    this.#feed = feed;
    this.#listener = listener;
    this.#leadership = new Leadership(log);
    this.#reader = new OwnReader(feed, call, this);
  }

  /** See {@link OwnReader}. */
  get isFresh(): boolean {
    return this.#reader.isFresh;
  }

  /** True while this instance leads and has appended its start. */
  get isLeading(): boolean {
    return this.#leadership.isActive;
  }

  // For this instance

  /** Sends the first request. `isFresh`: no browser of the feed has received anything. */
  connect(isFresh: boolean): void {
    this.#reader.connect(isFresh);
  }

  /** Goes on, or is held back. */
  flow(isFlowing: boolean): void {
    if (isFlowing) this.#reader.resume();
    else this.#reader.pause();
  }

  /** The feed goes on in the log, or has ended. */
  close(): void {
    this.#reader.close();
  }

  // As the leader

  /**
   * Nobody leads: this instance does, once the upstream has accepted its first request. False if this instance can't.
   */
  claim(canLead: () => boolean): Promise<boolean> {
    return this.#leadership.acquire(undefined, canLead, (tail) => {
      this.#claim = tail;
      this.#listener.readAlone();
    });
  }

  /** The lead that was claimed is lost. */
  dropClaim(): void {
    this.#claim = undefined;
  }

  /** The leader is gone, and the feed has received everything up to `position`, the newest entry: goes on there. */
  succeed(position: RelayPosition, canLead: () => boolean): Promise<boolean> {
    return this.#leadership.acquire(position, canLead, (tail) => {
      this.#begin(tail, false);
      this.#reader.reconnect();
    });
  }

  /** Nobody leads, and this instance reads alone: what it reads goes to the log from now on. */
  lead(canLead: () => boolean): Promise<boolean> {
    return this.#leadership.acquire(undefined, canLead, (tail) => {
      this.#begin(tail, true);
      this.#reader.resume();
    });
  }

  /** Begins to append. `isReset`: what the log holds does not continue into what follows. */
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
   * The log can't be used any more: goes on for this instance, whose feed has received everything up to `position`.
   * Returns what was read behind it; undefined if that is not known: then call `reconnect()`.
   */
  leaveLog(position: RelayPosition): readonly RelayEntry[] | undefined {
    const missed = this.#leadership.appendedAfter(position);
    this.#leadership.stop();
    if (!missed) this.#reader.close();
    return missed;
  }

  /**
   * The feed leaves the log, which can still be used: no effect unless this instance leads. A lease that it kept would
   * be extended without anything being appended, so that nobody could lead.
   */
  giveUp(): void {
    if (this.isLeading) this.#leadership.giveUp();
  }

  /** Continues after the last event of the feed, unless the reader goes on. */
  reconnect(): void {
    if (!this.#reader.isOpen) this.#reader.reconnect();
  }

  /** Ends for good. `isLeaving`: the feed goes on elsewhere, so that another instance should lead at once. */
  end(isLeaving: boolean): void {
    const leads = this.isLeading || this.#claim !== undefined;
    this.#reader.close();
    if (leads && isLeaving) this.#leadership.giveUp();
  }

  // The reader

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
