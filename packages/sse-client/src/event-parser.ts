import type { ReceivedEvent } from './received.ts';
import type { EventError, EventParser } from './types.ts';

/** Result of parsing an event's data: a value, or the reason why there is none. */
export type Parsed = { readonly value: unknown } | { readonly error: EventError };

/** The option `parse` as the stream uses it. The page passes it, so that pages without it don't load it. */
export interface StreamParser extends EventParser<object> {
  /** Never throws. */
  readonly read: (event: ReceivedEvent) => Parsed;
}
