/** Where an entry is in a log. Compare positions for equality only. */
export type RelayPosition = string;

/** One entry of a {@link RelayLog}. The relay stores both fields unchanged. */
export interface RelayContent {
  /** The proxy's own text; empty for most entries. */
  readonly meta: string;
  /** Bytes of events; may be empty if `meta` is not. */
  readonly data: Buffer;
}

/** A stored entry. */
export interface RelayEntry extends RelayContent {
  /** Where it is in the log. */
  readonly position: RelayPosition;
}

/** A log at one moment. */
export interface RelayView {
  /** Position of the newest entry; of an empty log, the position before the first entry to come. */
  readonly tail: RelayPosition;
  /**
   * `starting`: another instance leads, and has not appended anything yet. `active`: another instance leads, and has
   * appended. `none`: no instance leads, or only a former lease of this instance is left.
   */
  readonly leader: 'none' | 'starting' | 'active';
  /** The newest entries, oldest first. */
  readonly entries: readonly RelayEntry[];
  /** True if the log holds no entry before these. */
  readonly isWhole: boolean;
}

/** What a relay retains of a feed: until the first of these bounds is reached. */
export interface RelayBounds {
  /** Bytes of entries. */
  readonly maxBytes: number;
  /** Age of an entry, in milliseconds. */
  readonly maxAgeMs: number;
}

/**
 * Is notified of what happens to one {@link RelayLog}. Nothing is called before `open()` has returned, or after
 * `close()`.
 */
export interface RelayListener {
  /**
   * False: the log can't be used; this instance neither follows nor leads any more. True: it can be used (again).
   * Called first soon after `open()`, and then at each change.
   */
  onAvailable(isAvailable: boolean): void;
  /** Entries after the position that is followed, in order and complete. */
  onEntries(entries: readonly RelayEntry[]): void;
  /** Entries after the position that is followed are no longer retained. Nothing is followed any more. */
  onTrimmed(): void;
  /** {@link RelayLog.pendingBytes} has decreased. */
  onStored(): void;
  /** No instance leads. Called repeatedly while that is so: by `redisFeeds()` every `leaseMs` / 5. */
  onVacant(): void;
  /** This instance no longer leads, and what it appended last may be missing in the log. Also after `release()`. */
  onDeposed(): void;
}

/**
 * One instance's access to the log of one feed. A promise that it returns rejects only if the log can't be used now.
 */
export interface RelayLog {
  /** Appended bytes whose storage has been neither confirmed nor refused. */
  readonly pendingBytes: number;
  /** Reads the newest entries, at most `maxEntries`. */
  look(maxEntries: number): Promise<RelayView>;
  /** Reads the entries before a position, at most `maxEntries`: the newest of them. */
  lookBefore(position: RelayPosition, maxEntries: number): Promise<Pick<RelayView, 'entries' | 'isWhole'>>;
  /** Delivers the entries after `position`, also those to come. Replaces an earlier `follow()`. */
  follow(position: RelayPosition): void;
  /** Stops delivery. */
  unfollow(): void;
  /**
   * Makes this instance the leader unless another one is. With `at`, only if that is the position of the newest entry.
   * Resolves with that position; with undefined if this instance does not lead. Calls `onTrimmed()` if no instance
   * leads, and the log has lost the entry at `at`.
   */
  lead(at?: RelayPosition): Promise<RelayPosition | undefined>;
  /**
   * Appends an entry if this instance still leads when the entry arrives; otherwise calls `onDeposed()`. `isReset`: the
   * entries before this one are removed. Returns the position that the entry has if it is stored.
   */
  append(content: RelayContent, isReset?: boolean): RelayPosition;
  /** Appends a last entry and stops leading, in one step. Returns as `append()` does. */
  release(content: RelayContent): RelayPosition;
  /** Ends the access. Another instance can lead within the lease's time. */
  close(): void;
}

/**
 * Carries shared feeds between the instances of an application. A feed has a log that all instances read. One of them,
 * the leader, reads the feed's upstream and appends what it receives. The leader holds a lease: an instance that was
 * suspended for longer than the lease can't append.
 *
 * Implemented by `redisFeeds()` of `@datashop/sse-redis`. While a log can't be used, each instance reads the upstream
 * itself.
 */
export interface FeedRelay {
  /**
   * Opens the log of the feed that has this key in all instances. `key` is a digest: it holds no secret and no name.
   */
  open(key: string, bounds: RelayBounds, listener: RelayListener): RelayLog;
}
