import type { EventSourceParser } from 'eventsource-parser';
import type { ControlHandlers } from './control-events.ts';
import { limitEventSize, type SizeLimit } from './size-limit.ts';

/** The parts of a stream's reader that {@link limitStream} uses. */
export interface LimitedStream {
  readonly maxChars: number;
  /** The beginning of the current event, which has been fed to the parser. */
  readonly unfinished: string;
  readonly parser: EventSourceParser;
  readonly on: ControlHandlers & { id(id: string): void };
  feed(text: string): void;
  isOver(): unknown;
  /** The stream is broken. */
  broken(message: string): void;
}

/**
 * Replaces each event that is larger than `maxChars` by a gap [R34]. Loaded on demand, since most streams don't need
 * it.
 */
export function limitStream({ maxChars, unfinished, parser, on, feed, isOver, broken }: LimitedStream): SizeLimit {
  return limitEventSize(maxChars, unfinished, {
    feed,
    forget() {
      parser.reset();
      // The parser would strip a BOM from whatever comes first after a reset [R21].
      parser.feed(':\n');
    },
    discarded(id) {
      if (isOver()) return;
      on.gap({ reason: 'event-too-large', from: Number.NaN, to: Number.NaN, ...(id && { id }) });
      if (id !== undefined) on.id(id);
    },
    broken: () => broken(`An event of more than ${maxChars} characters does not end`),
  });
}
