import type { EventError } from './status.ts';

/** What every event of the list has. */
interface EventFields {
  /** Distinguishes events from gaps. */
  readonly kind: 'event';
  /** Unique in this store and stable while the entry is kept: usable as a React key. */
  readonly key: number;
  /** The event's own id, or '' if it has none. Distinct events may have the same id. */
  readonly id: string;
  /** Its data lines, joined by LF. */
  readonly data: string;
  /** When this browser received it, in milliseconds since 1970. */
  readonly receivedAt: number;
  /** `original`: added by `seed()`. `new`: received over the stream, or added by `fill()`. */
  readonly origin: 'original' | 'new';
}

/** An event with the value that the option `parse` has returned for it; without that option, the value is the data. */
export interface ParsedEvent<Type extends string, Value> extends EventFields {
  /** The event's type; `message` if it has none. */
  readonly event: Type;
  /** What `parse` returned. */
  readonly value: Value;
  /** Never set: only a {@link FailedEvent} has it. */
  readonly error?: undefined;
}

/** An event that the option `parse` has rejected. */
export interface FailedEvent extends EventFields {
  /** The event's type; `message` if it has none. */
  readonly event: string;
  /** Never set: `parse` has returned none. */
  readonly value?: undefined;
  /** Why it has no value. */
  readonly error: EventError;
}

/**
 * An event in the list: of one of the types of `Values`, such as `{ log: Log; stage: Stage }`, or one that `parse` has
 * rejected. Without the option `parse`, events have any type, and text as their value.
 */
export type EventEntry<Values extends object = Record<string, string>> =
  | { [Type in keyof Values & string]: ParsedEvent<Type, Values[Type]> }[keyof Values & string]
  | FailedEvent;

/** A place in the list where continuity was lost. */
export interface GapEntry {
  /** Distinguishes gaps from events. */
  readonly kind: 'gap';
  /** As for events. */
  readonly key: number;
  /**
   * The proxy's reason, or one of the client's:
   *
   * - `no-ids`: the client reconnected without an id to resume after, or the last event had none: later events may be
   *   missing, and events without an id may be in the list twice
   * - `event-too-large`: an event larger than `maxEventChars` was discarded; its id is in `id`, if it had one
   * - `ids-restarted`: the server may have restarted its numbering: after a resume it sent an id before the cursor that
   *   was unknown, or known with other data
   * - `replay-too-long`: the server repeated more than the client remembers; events before this gap may be in the list
   *   twice
   * - `unknown-id`: a tab could not be caught up with the tab that holds the connection
   * - `reader-too-slow`: an async iterator dropped entries, which only happens with `tabs`
   */
  readonly reason: string;
  /** When the stream was lost, in milliseconds since 1970. */
  readonly from: number;
  /** When the stream was back, in milliseconds since 1970. */
  readonly to: number;
  /** Id of the last event before the gap, where a REST cursor can begin; '' if unknown. */
  readonly afterId: string;
  /** Id of the missing event, if exactly one is missing and its id is known. */
  readonly id?: string | undefined;
}

/** An entry of the list. */
export type Entry<Values extends object = Record<string, string>> = EventEntry<Values> | GapEntry;

/** An immutable view of the entries, oldest first. Creating one copies nothing, however many entries there are. */
export interface EntryList<Values extends object = Record<string, string>> extends Iterable<Entry<Values>> {
  /** The number of entries. */
  readonly length: number;
  /** Returns the entry at this index; 0 is the oldest entry kept. Undefined outside of the list. */
  at(index: number): Entry<Values> | undefined;
  /** As `Array.prototype.slice`. */
  slice(start?: number, end?: number): Entry<Values>[];
  /**
   * How many entries have been trimmed from the old end since `generation` began. `offset + index` is a stable
   * position: code that derives something from the list can continue where it stopped.
   */
  readonly offset: number;
  /**
   * Changes when the list has changed elsewhere than at its ends (seed, fill, clear, reset): derive again from the
   * start.
   */
  readonly generation: number;
}

/**
 * An event that is known from elsewhere, such as a REST page. Give it the id, type and data that it has in the stream.
 */
export interface KnownEvent {
  /** '' if it has none: then it can't be recognised in the stream. */
  id: string;
  /** Its data lines, joined by LF. */
  data: string;
  /** The event's type. @defaultValue 'message' */
  event?: string;
  /** When it was received, in milliseconds since 1970. @defaultValue now */
  receivedAt?: number;
}

/** A gap that is known from elsewhere, such as another stream's list. */
export type KnownGap = Omit<GapEntry, 'key'>;
