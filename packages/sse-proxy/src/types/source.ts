/** Passed to the option `source`. */
export interface SourceContext {
  /**
   * The id of the event after which to continue: the last one that the browser has, or that a shared feed has
   * delivered.
   * Undefined if there is none: the source begins where a new listener should.
   */
  readonly lastEventId: string | undefined;
  /**
   * Aborted when this call is over: nobody listens any more (with `share` after `lingerMs`), `close()` was called, or
   * the source itself has ended. Right after the abort, `return()` of the iterator is called, and not awaited.
   */
  readonly signal: AbortSignal;
}
