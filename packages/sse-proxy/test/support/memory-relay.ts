import type {
  FeedRelay,
  RelayBounds,
  RelayContent,
  RelayEntry,
  RelayListener,
  RelayLog,
  RelayView,
} from '../../src/types.ts';

const tickMs = 10;

/** Does nothing. */
export const idleListener: RelayListener = {
  onAvailable() {},
  onEntries() {},
  onTrimmed() {},
  onStored() {},
  onVacant() {},
  onDeposed() {},
};

/** The log of one feed. */
interface StoredLog {
  readonly entries: RelayEntry[];
  /** Position before the first entry. */
  from: string;
  tail: string;
  leader: MemoryLog | undefined;
  /** When the leader last extended its lease. */
  renewedAt: number;
  hasStarted: boolean;
}

/**
 * What the relays of several instances have in common: logs in this process, for tests that trim, lose or cut them off.
 */
export class MemoryLogs {
  readonly #logs = new Map<string, StoredLog>();
  #count = 0;
  /** What a listener has thrown. */
  failure: unknown;
  /** How long a leader that does not extend its lease keeps it, in milliseconds. */
  readonly leaseMs: number;

  constructor(leaseMs = 60_000) {
    this.leaseMs = leaseMs;
  }

  /** The log of the only feed; an empty one before there is a feed. */
  get only(): StoredLog {
    const [key = ''] = this.#logs.keys();
    return this.get(key);
  }

  get(key: string): StoredLog {
    const known = this.#logs.get(key);
    if (known) return known;
    const from = this.next();
    const log = { entries: [], from, tail: from, leader: undefined, renewedAt: 0, hasStarted: false };
    this.#logs.set(key, log);
    return log;
  }

  next(): string {
    return `p${++this.#count}`;
  }

  /** Loses all data and leases, as a server without persistence that restarts. */
  clear(): void {
    this.#logs.clear();
  }

  /** Forgets all but the newest `count` entries. */
  trim(count: number): void {
    const { only } = this;
    const gone = only.entries.splice(0, Math.max(0, only.entries.length - count));
    only.from = gone.at(-1)?.position ?? only.from;
  }

  /** The lease of the leader is over, though it may still believe that it leads. */
  expireLease(): void {
    this.only.leader = undefined;
    this.only.hasStarted = false;
  }

  /** The relay of one more instance. */
  instance(): MemoryRelay {
    return new MemoryRelay(this);
  }
}

/** The relay of one instance, which can be cut off from the logs. */
export class MemoryRelay implements FeedRelay {
  readonly logs: MemoryLogs;
  readonly #open = new Set<MemoryLog>();
  #isUp = true;

  constructor(logs: MemoryLogs) {
    this.logs = logs;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether this instance leads the only feed. */
  get leads(): boolean {
    const { leader } = this.logs.only;
    return leader !== undefined && this.#open.has(leader);
  }

  /** Whether a listener of this instance follows the log. */
  follows(key: string): boolean {
    return [...this.#open].some((log) => log.key === key && log.isFollowing);
  }

  set isUp(isUp: boolean) {
    this.#isUp = isUp;
    for (const log of this.#open) log.onUp(isUp);
  }

  open(key: string, _bounds: RelayBounds, listener: RelayListener): RelayLog {
    const log = new MemoryLog(this, key, listener, () => this.#open.delete(log));
    this.#open.add(log);
    return log;
  }
}

class MemoryLog implements RelayLog {
  readonly pendingBytes = 0;
  readonly #relay: MemoryRelay;
  readonly key: string;
  readonly #listener: RelayListener;
  readonly #onClose: () => void;
  readonly #timer: NodeJS.Timeout;
  #after: string | undefined;
  #isClosed = false;
  #leads = false;

  constructor(relay: MemoryRelay, key: string, listener: RelayListener, onClose: () => void) {
    this.#relay = relay;
    this.key = key;
    this.#listener = listener;
    this.#onClose = onClose;
    this.#timer = setInterval(() => this.#tick(), tickMs);
    setImmediate(() => this.onUp(relay.isUp));
  }

  get isFollowing(): boolean {
    return this.#after !== undefined;
  }

  get #log(): StoredLog {
    return this.#relay.logs.get(this.key);
  }

  onUp(isUp: boolean): void {
    if (this.#isClosed) return;
    this.#after = undefined;
    this.#leads = false;
    this.#listener.onAvailable(isUp);
  }

  #tick(): void {
    if (!this.#relay.isUp) return;
    const log = this.#log;
    if (this.#leads && log.leader === this) log.renewedAt = performance.now();
    else if (performance.now() - log.renewedAt > this.#relay.logs.leaseMs) log.leader = undefined;
    this.#deliver();
    if (!this.#isClosed && !this.#log.leader) this.#listener.onVacant();
  }

  #deliver(): void {
    const { entries, from } = this.#log;
    if (this.#after === undefined) return;
    const at = this.#after === from ? 0 : entries.findIndex(({ position }) => position === this.#after) + 1;
    if (at === 0 && this.#after !== from) {
      this.#after = undefined;
      return this.#listener.onTrimmed();
    }
    const rest = entries.slice(at);
    if (rest.length === 0) return;
    this.#after = rest.at(-1)?.position;
    this.#listener.onEntries(rest);
  }

  async look(maxEntries: number): Promise<RelayView> {
    await this.#reach();
    const { tail, leader, hasStarted } = this.#log;
    // A lease that this log holds counts, as in Redis: only a former one does not.
    const isLed = leader !== undefined && (leader !== this || this.#leads);
    const page = this.#page(this.#log.entries.length, maxEntries);
    return { tail, leader: isLed ? (hasStarted ? 'active' : 'starting') : 'none', ...page };
  }

  async lookBefore(position: string, maxEntries: number) {
    await this.#reach();
    return this.#page(
      this.#log.entries.findIndex((entry) => entry.position === position),
      maxEntries,
    );
  }

  #page(end: number, maxEntries: number) {
    const start = Math.max(0, end - maxEntries);
    const { entries } = this.#log;
    return { entries: entries.slice(start, Math.max(0, end)), isWhole: start === 0 };
  }

  async #reach(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (!this.#relay.isUp || this.#isClosed) throw new Error('the logs are away');
  }

  follow(position: string): void {
    this.#after = position;
    setImmediate(() => {
      try {
        if (this.#relay.isUp) this.#deliver();
      } catch (error) {
        this.#relay.logs.failure ??= error;
      }
    });
  }

  unfollow(): void {
    this.#after = undefined;
  }

  async lead(at?: string): Promise<string | undefined> {
    await this.#reach();
    const log = this.#log;
    if (log.leader && log.leader !== this) return undefined;
    if (at !== undefined && at !== log.tail) return undefined;
    log.leader = this;
    this.#leads = true;
    log.renewedAt = performance.now();
    log.hasStarted = false;
    return log.tail;
  }

  append(content: RelayContent, isReset = false): string {
    const position = this.#relay.logs.next();
    const log = this.#log;
    setImmediate(() => {
      if (!this.#relay.isUp) return;
      if (log !== this.#log || log.leader !== this || !this.#leads) {
        const wasLeading = this.#leads;
        this.#leads = false;
        if (wasLeading && !this.#isClosed) this.#listener.onDeposed();
        return;
      }
      log.hasStarted = true;
      if (isReset) {
        log.entries.length = 0;
        log.from = log.tail;
      }
      log.entries.push({ ...content, position });
      log.tail = position;
    });
    return position;
  }

  release(content: RelayContent): string {
    const position = this.append(content);
    const log = this.#log;
    setImmediate(() => {
      if (log.leader === this) log.leader = undefined;
    });
    return position;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#onClose();
  }
}
