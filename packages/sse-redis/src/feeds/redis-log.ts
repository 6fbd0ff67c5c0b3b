import { randomUUID } from 'node:crypto';
import type {
  RelayBounds,
  RelayContent,
  RelayEntry,
  RelayListener,
  RelayLog,
  RelayPosition,
  RelayView,
} from '@datashop/sse-proxy';
import type { RedisCommands } from '../connection/redis-commands.ts';
import type { AppendingLog, AppendQueue } from './append-queue.ts';
import { readEntries } from './entries.ts';
import { Lead } from './lead.ts';
import { compareIds, idText, origin, parseId, type StreamId, sizeOf } from './position.ts';
import * as scripts from './scripts.ts';

/** What a log needs from the feeds of its process. */
export interface LogOwner {
  readonly commands: RedisCommands;
  readonly appends: AppendQueue;
  readonly leaseMs: number;
  /** The position that the log follows has changed. */
  onFollow(log: RedisLog): void;
  onClose(log: RedisLog): void;
  /** A log has lost its lease. */
  onLeaseLost(): void;
}

/** The log of one feed: a stream in Redis, and the lease of the instance that leads. */
export class RedisLog implements RelayLog, AppendingLog {
  readonly stream: string;
  readonly lease: string;
  /** Life of the stream, in whole milliseconds: it outlives the lease, so that another instance can continue it. */
  readonly keepMs: number;
  readonly #bounds: RelayBounds;
  readonly #owner: LogOwner;
  readonly #listener: RelayListener;
  /** The entry after which entries are delivered; undefined if none are. */
  #after: StreamId | undefined;
  #lead: Lead | undefined;
  /** The last lead that was released: its last entries may still be refused. */
  #released: Lead | undefined;
  /** The owner of the last lead, whose lease may still be there. */
  #formerOwner = '';
  #isClosed = false;
  /** Number of times that Redis became unusable. */
  #outages = 0;
  pendingBytes = 0;

  constructor(stream: string, bounds: RelayBounds, listener: RelayListener, owner: LogOwner) {
    this.stream = stream;
    this.lease = `${stream}:lease`;
    this.keepMs = Math.ceil(Math.max(bounds.maxAgeMs, 2 * owner.leaseMs));
    this.#bounds = bounds;
    this.#listener = listener;
    this.#owner = owner;
  }

  /** Where delivery continues; undefined if nothing is followed. */
  get after(): StreamId | undefined {
    return this.#after;
  }

  /** The lease that this instance holds; undefined if it does not lead. */
  get held(): Lead | undefined {
    return this.#lead;
  }

  async look(maxEntries: number): Promise<RelayView> {
    const reply = await this.#owner.commands.run(scripts.look, [this.lease, this.stream], [maxEntries]);
    const [lease, newestFirst] = reply as [Buffer, unknown[]];
    const entries = readEntries(newestFirst.toReversed());
    const tail = entries.at(-1)?.position ?? idText(origin);
    const isFormer = !this.#lead && this.#formerOwner !== '' && String(lease).startsWith(this.#formerOwner);
    return { tail, leader: isFormer ? 'none' : leaderOf(String(lease)), entries, isWhole: entries.length < maxEntries };
  }

  async lookBefore(position: RelayPosition, maxEntries: number): Promise<Pick<RelayView, 'entries' | 'isWhole'>> {
    const args = ['XREVRANGE', this.stream, `(${position}`, '-', 'COUNT', String(maxEntries)];
    const entries = readEntries(((await this.#owner.commands.send(args)) as unknown[]).toReversed());
    return { entries, isWhole: entries.length < maxEntries };
  }

  follow(position: RelayPosition): void {
    this.#after = parseId(position);
    this.#owner.onFollow(this);
  }

  unfollow(): void {
    if (!this.#after) return;
    this.#after = undefined;
    this.#owner.onFollow(this);
  }

  async lead(at?: RelayPosition): Promise<RelayPosition | undefined> {
    const owner = `${this.#owner.leaseMs}.${randomUUID()}`;
    const args = [owner, at ?? '', this.#owner.leaseMs, this.#formerOwner];
    const outages = this.#outages;
    const reply = (await this.#owner.commands.run(scripts.lead, [this.lease, this.stream], args)) as Buffer[];
    const [tail, generation] = reply.map(String);
    if (tail === undefined) return undefined;
    if (generation === undefined) {
      this.#onTail(parseId(tail), at ?? tail);
      return undefined;
    }
    this.#formerOwner = owner;
    // The reply was read after the listener was notified that Redis can't be used: this instance does not lead.
    if (outages !== this.#outages) return undefined;
    this.#lead = new Lead(owner, Number(generation), parseId(tail), this.#bounds);
    return tail;
  }

  /** Nobody leads. Entries up to `at` were received: if the newest one precedes it, Redis has lost entries. */
  #onTail(tail: StreamId, at: RelayPosition): void {
    if (this.#after && compareIds(tail, parseId(at)) < 0) this.#onTrimmed();
  }

  append(content: RelayContent, isReset = false): RelayPosition {
    return this.#add(content, isReset, false);
  }

  release(content: RelayContent): RelayPosition {
    const position = this.#add(content, false, true);
    this.#released = this.#lead;
    this.#lead = undefined;
    this.#formerOwner = '';
    return position;
  }

  #add(content: RelayContent, isReset: boolean, isLast: boolean): RelayPosition {
    const lead = this.#lead;
    if (!lead) return '';
    const id = lead.add(content);
    this.pendingBytes += sizeOf(content);
    this.#owner.appends.add({ log: this, lead, id, content, isReset, isLast });
    return idText(id);
  }

  close(): void {
    this.#isClosed = true;
    this.unfollow();
    this.#owner.onClose(this);
  }

  /** Redis can be used, or can't be used any more. */
  onAvailable(isAvailable: boolean): void {
    if (!isAvailable) {
      this.#outages++;
      this.unfollow();
      this.#lead = undefined;
      this.pendingBytes = 0;
    }
    if (!this.#isClosed) this.#listener.onAvailable(isAvailable);
  }

  /** Entries of the stream, of which the first ones may have been delivered. */
  onEntries(entries: readonly RelayEntry[]): void {
    const after = this.#after;
    if (!after) return;
    const ids = entries.map(({ position }) => parseId(position));
    const first = ids.findIndex((id) => compareIds(id, after) > 0);
    if (first === -1) return;
    const fresh = entries.slice(first);
    const [oldest] = fresh as [RelayEntry];
    if ((ids[first] as StreamId).offset - sizeOf(oldest) !== after.offset) return this.#onTrimmed();
    this.#after = ids.at(-1);
    this.#listener.onEntries(fresh);
  }

  onAppended(lead: Lead, isStored: boolean, size: number): void {
    this.pendingBytes = Math.max(0, this.pendingBytes - size);
    if (this.#isClosed) return;
    if (isStored) return this.#listener.onStored();
    if (lead === this.#lead) return this.#onLeaseLost();
    if (lead !== this.#released) return;
    this.#released = undefined;
    // A newer lead goes on.
    if (!this.#lead) this.#onLeaseLost();
  }

  /**
   * The `lease` when this instance held `lead` and had received everything up to `after`: see {@link scripts.renew}.
   */
  onLease(lead: Lead | undefined, after: StreamId | undefined, lease: string): void {
    if (this.#isClosed || lead !== this.#lead) return;
    if (lease === '') return lead ? this.#onLeaseLost() : this.#listener.onVacant();
    // Redis has lost entries, and its clock was set back: new entries have lower ids, and would not be delivered.
    if (!lead && after && after === this.#after && compareIds(newestOf(lease), after) < 0) this.#onTrimmed();
  }

  #onTrimmed(): void {
    this.unfollow();
    this.#listener.onTrimmed();
  }

  #onLeaseLost(): void {
    this.#lead = undefined;
    this.#owner.onLeaseLost();
    this.#listener.onDeposed();
  }
}

function leaderOf(lease: string): RelayView['leader'] {
  if (lease === '') return 'none';
  const [, generation] = lease.split(' ');
  return newestOf(lease).generation === Number(generation) ? 'active' : 'starting';
}

function newestOf(lease: string): StreamId {
  return parseId(lease.split(' ')[2] ?? '');
}
