import type { LogFilter } from '../../log-store.ts';

/** Messages that tell of new logs of a workflow. They are not trusted: each one only causes a look at the database. */
export interface Wakeups {
  /**
   * Calls `wake` whenever a message for the workflow arrives, and after messages may have been missed.
   *
   * @returns the release
   */
  subscribe(filter: Required<Pick<LogFilter, 'workspaceID' | 'workflowID'>>, wake: () => void): () => void;
  /** Releases all resources. */
  close(): Promise<void>;
}
