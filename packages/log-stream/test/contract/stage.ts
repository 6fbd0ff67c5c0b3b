import type { LogDocument, LogStore } from '../../src/index.ts';

/** A database with other programs that write into it, and processes that read it. */
export interface Stage {
  /** Starts another process: a store that has nothing in memory of those before. */
  open(): Promise<LogStore>;
  /** Another program writes logs. Resolves once they are visible. */
  write(logs: readonly LogDocument[]): Promise<void>;
  /** As {@link write}, but what identifies the logs was made a second ago, as by a writer that was slow. */
  writeLate(logs: readonly LogDocument[]): Promise<void>;
  /**
   * As {@link write}, by several writers: what identifies the logs is not in the order in which they become visible.
   */
  writeUnordered(logs: readonly LogDocument[]): Promise<void>;
  /** Deletes the oldest logs, as an operator or an expiry does. */
  deleteOldest(count: number): Promise<void>;
  /** Closes all stores and the database. */
  close(): Promise<void>;
}

/** A kind of store that the contract is checked with. */
export interface Subject {
  readonly name: string;
  /** Why it can't be checked here; undefined if it can. */
  missing(): string | undefined;
  stage(): Promise<Stage>;
}
