import type { LogFilter } from '../../log-store.ts';

/**
 * Messages that announce new logs of a workflow. They are not trusted: each one only triggers a read of the database.
 */
export interface Wakeups {
  /**
   * Calls `wake` for every message about the workflow, and after messages may have been missed.
   *
   * @returns the release
   */
  subscribe(filter: Required<Pick<LogFilter, 'workspaceID' | 'workflowID'>>, wake: () => void): () => void;
  /** Releases all resources. */
  close(): Promise<void>;
}
