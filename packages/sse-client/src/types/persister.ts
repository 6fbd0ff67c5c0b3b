/** Options of `localPersistence()`. */
export interface PersistOptions {
  /** Whose data it is, such as the id of the signed-in user. Sessions with another scope never read it. */
  scope: string;
  /** Upper bound for what is written, in bytes as the browser counts them: two a character. @defaultValue 1_000_000 */
  maxBytes?: number;
  /** How long changes are collected before they are written, in milliseconds. @defaultValue 500 */
  debounceMs?: number;
  /**
   * Where the data is kept, under keys that begin with `sse-client:`. While its `setItem` throws, fewer entries are
   * kept.
   * @defaultValue `window.localStorage`
   */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
}

/** Keeps the events of streams across reloads. */
export interface Persister {
  /** The option that it is for. */
  readonly option: 'persist';
  /** Whose data it is. */
  readonly scope: string;
  /** Called by the stream. */
  readonly open: (stream: never) => unknown;
}
