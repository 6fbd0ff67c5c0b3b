import { fingerprint, idOf } from '../fingerprint.ts';
import { compareIds } from './id-order.ts';
import { addTo, type Counts, createSeenIds, takeFrom } from './seen-ids.ts';

/** What makes two events the same. */
export interface Identity {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** What an event has shown besides whether it is new. The store records it as a gap. */
export type Finding = 'ids-restarted' | 'replay-too-long';

/**
 * Recognises the events that a server repeats after a resume [R35] [R36]. Each event that was delivered before the
 * connection opened is dropped once, by id, type and data. Nothing is dropped on a live connection: the filter stops
 * when the server has repeated everything from the cursor on, or has sent an event beyond it.
 *
 * An event without an id is identified by the id before it, and is a repeat only directly after other repeats: a server
 * that resumes after the cursor may send an equal event for the first time.
 */
export interface RepeatFilter {
  /** Call it when a connection has opened that resumes after `cursor`: from now on events may be repeated. */
  resume(cursor: string): void;
  /** True while events may be repeats. */
  isCatchingUp(): boolean;
  /** Call it when nothing can be repeated any more. */
  live(): void;
  /** Returns true if an event with this id is remembered. */
  has(id: string): boolean;
  /**
   * Classifies an event of the stream, and remembers it if it is new. An event is not new if the server has repeated it
   * after a resume, or if `deliver` has returned it.
   */
  classify(event: Identity): readonly [isNew: boolean, finding: Finding | undefined];
  /** Remembers an event that was restored. */
  restore(event: Identity): void;
  /** Returns those of `events` that have not been delivered, and remembers them as delivered. */
  deliver<T extends Identity>(events: readonly T[]): T[];
  /** Forgets everything. Must not be followed by an event of a connection that was open before. */
  reset(): void;
  /**
   * Lets `deliver` return events again, except those that stay in the list. Repeats of the stream are still recognised.
   */
  clear(stay: Iterable<Identity>): void;
}

/** @param size the least number of events that are remembered; read whenever one is added */
export function createRepeatFilter(size: () => number): RepeatFilter {
  let seen = createSeenIds(size);
  /** Events that were delivered and then cleared: `deliver` may return them again. */
  let cleared: Counts = new Map();
  /**
   * Events that `deliver` has returned while a connection is open: its stream may still send these for the first time.
   */
  const ahead: Counts = new Map();
  /** While catching up: the events that may be repeated. */
  let expected: Counts | undefined;
  /** The ids of these events when the connection opened, the oldest first. */
  let expectedIds = new Set<string>();
  let isOpen = false;
  /** Id of the newest event of the stream that has one. */
  let newest = '';
  /** The last event was a repeat of an expected one. */
  let isRepeating = false;
  let cursor = '';
  /** Expected events that are not before the cursor. */
  let left = 0;
  let highest = '';
  let hasRepeats = false;
  let hasRepeatedCursor = false;
  let isRestartReported = false;
  /** The finding of the event that is being classified. */
  let finding: Finding | undefined;
  /** New events since the resume that may be repeats of forgotten ones. */
  let unknown = 0;

  const isBefore = (id: string, other: string) => (compareIds(id, other) ?? 0) < 0;
  const isAtOrAfterCursor = (id: string) => (compareIds(id, cursor) ?? -1) >= 0;

  /** True if the server is beyond everything that it could repeat. */
  function isBeyond(id: string): boolean {
    const order = compareIds(id, highest);
    return order === undefined ? hasRepeatedCursor : order > 0;
  }

  /**
   * True if the server has given the id of an event before the cursor to another event. Not conclusive for the oldest
   * id once older events have come: the first connection may have begun in the middle of several events that share it.
   */
  function hasRestarted(id: string): boolean {
    if (hasRepeats || isAtOrAfterCursor(id) || !expectedIds.has(id)) return false;
    return unknown === 0 || id !== expectedIds.keys().next().value;
  }

  /**
   * True if the first event after a resume has an unknown id before the cursor: it is older, or the first after a
   * restart.
   */
  function mayHaveRestarted(id: string): boolean {
    return !hasRepeats && unknown === 0 && isBefore(id, cursor) && !seen.hasForgotten();
  }

  function reportRestart(): void {
    if (!isRestartReported) finding = 'ids-restarted';
    isRestartReported = true;
  }

  /** Events from before a restart must not be confused with those that follow it. */
  function forget(): void {
    stop();
    seen = createSeenIds(size);
    cleared = new Map();
    ahead.clear();
  }

  function stop(): void {
    expected = undefined;
    expectedIds = new Set();
    unknown = 0;
  }

  function finish(): void {
    if (unknown > 0 && seen.hasForgotten()) finding = 'replay-too-long';
    stop();
  }

  /** '' if there has been no id yet: nothing can be resumed then. */
  const printOf = (event: Identity) =>
    fingerprint(event.id === '' ? { ...event, id: newest, event: `\n${event.event}` } : event);

  function isRepeat(print: string, hasId: boolean): boolean {
    const id = idOf(print);
    if (!takeFrom(expected!, print)) {
      if (!hasId || ahead.has(print)) return false;
      if (hasRestarted(id)) {
        forget();
        reportRestart();
      } else if (isBeyond(id)) finish();
      else {
        if (mayHaveRestarted(id)) reportRestart();
        unknown++;
      }
      return false;
    }
    hasRepeats = true;
    hasRepeatedCursor ||= id === cursor;
    if (isAtOrAfterCursor(id) && --left === 0) finish();
    return true;
  }

  function remember(print: string): void {
    if (print !== '') seen.add(print);
  }

  /** The stream may still send this event, which the page has from elsewhere. */
  function expect(print: string, id: string): void {
    if (expected) {
      addTo(expected, print);
      if (isAtOrAfterCursor(id)) left++;
    }
    if (!isOpen || isBefore(id, newest)) return;
    addTo(ahead, print);
    if (ahead.size > size()) ahead.delete(ahead.keys().next().value!);
  }

  return {
    resume(after) {
      isOpen = true;
      cursor = highest = after;
      expected = seen.counts();
      left = unknown = 0;
      isRepeating = hasRepeats = hasRepeatedCursor = isRestartReported = false;
      for (const [print, count] of expected) {
        const id = idOf(print);
        expectedIds.add(id);
        if (isBefore(highest, id)) highest = id;
        if (isAtOrAfterCursor(id)) left += count;
      }
      if (expected.size === 0) stop();
    },
    isCatchingUp: () => expected !== undefined,
    live: stop,
    has(id) {
      return [...seen.counts().keys()].some((print) => idOf(print) === id);
    },
    classify(event) {
      finding = undefined;
      const print = printOf(event);
      const hasId = event.id !== '';
      newest = event.id || newest;
      isRepeating = expected !== undefined && (hasId || isRepeating) && isRepeat(print, hasId);
      const isNew = !takeFrom(ahead, print) && !isRepeating;
      if (isNew) remember(print);
      return [isNew, finding];
    },
    restore(event) {
      remember(printOf(event));
      newest = event.id || newest;
    },
    deliver(events) {
      const known = seen.counts();
      for (const [print, count] of cleared) takeFrom(known, print, count);
      return events.filter((event) => {
        const print = fingerprint(event);
        if (print === '') return true;
        if (takeFrom(known, print)) return false;
        if (!takeFrom(cleared, print)) {
          remember(print);
          expect(print, event.id);
        }
        return true;
      });
    },
    reset() {
      forget();
      isOpen = isRepeating = false;
      newest = '';
    },
    clear(stay) {
      cleared = seen.counts();
      for (const event of stay) takeFrom(cleared, fingerprint(event));
    },
  };
}
