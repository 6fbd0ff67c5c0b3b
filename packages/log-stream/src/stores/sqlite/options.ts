import { count, delay, type Rules } from '../../options.ts';

/** Options of `SqliteLogStore`. `undefined` means left out. */
export interface SqliteLogStoreOptions {
  /**
   * The database file, or `:memory:`. Created with mode 0600 if missing; its folder must exist. Several processes may
   * share one file; a process that only reads needs no right to write it.
   */
  path: string;
  /**
   * Number of logs to keep. An append deletes the oldest ones beyond it once `maxLogs` is exceeded by more than 1 %, or
   * by more than 1,000. Among processes that share a file, the smallest value applies.
   * @defaultValue 100_000
   */
  maxLogs?: number | undefined;
  /**
   * Most bytes of one log as JSON in UTF-8. A larger one is rejected by `append`; if another process has stored one, a
   * gap takes its place when it is read. The default fits into the 1 MiB that `@datashop/sse-proxy` passes on.
   * @defaultValue 1_000_000
   */
  maxLogBytes?: number | undefined;
  /**
   * Milliseconds between two polls for logs of other processes, while there are subscribers. Most logs are noticed
   * sooner, because the store watches the database's write-ahead log.
   * @defaultValue 100
   */
  pollMs?: number | undefined;
}

export const rules: Rules<keyof SqliteLogStoreOptions> = {
  path: [undefined, ['a file name or ":memory:"', (value) => typeof value === 'string' && value !== '']],
  maxLogs: [100_000, count],
  maxLogBytes: [1_000_000, count],
  pollMs: [100, delay],
};
