/** Options of `sharedTabs()`. */
export interface SharedTabsOptions {
  /**
   * Tabs with different scopes share nothing: pass the id of the signed-in user where there can be several.
   * @defaultValue ''
   */
  scope?: string;
}

/** Uses one connection for several tabs. */
export interface SharedTabs {
  /** The option that it is for. */
  readonly option: 'tabs';
  /** Which tabs share a connection. */
  readonly scope: string;
  /** Called by the stream. */
  readonly connection: (context: never, sink: never, connect: never) => unknown;
}
