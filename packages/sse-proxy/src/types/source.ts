/** Passed to the option `source`. */
export interface SourceContext {
  /**
   * The id of the event after which to continue: the last one that the browser has received, or that a shared feed has
   * delivered. Undefined if there is none: begin where a new stream should begin.
   */
  readonly lastEventId: string | undefined;
  /**
   * Aborted when this call is over: no browser reads it any more (with `share` after `lingerMs`), `close()` was called,
   * or the source itself has ended. Right after the abort, `return()` of the iterator is called, and not awaited.
   */
  readonly signal: AbortSignal;
}
