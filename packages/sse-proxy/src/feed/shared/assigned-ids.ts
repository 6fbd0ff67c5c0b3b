import { parseEvent, serializeEvent } from '../../sse/events.ts';
import { EventNumbers } from '../event-numbers.ts';

/** A frame in which the upstream's id was replaced. */
export interface AssignedFrame {
  readonly bytes: Buffer;
  /** The id of our own; undefined if it has none. */
  readonly id: string | undefined;
  /** How many of the first bytes are that id. */
  readonly ownBytes: number;
}

/** Replaces the ids of a feed's frames: `share.ids: 'assign'`. */
export interface IdAssigner {
  /** The id of our own that the current frame came with; undefined unless ids come from the log of a relay. */
  current: string | undefined;
  /** Id of the newest event; empty before the first one, or if none are assigned. */
  readonly tipId: string;
  /** Returns undefined for a frame that must not reach browsers: a lone id would take the place of ours. */
  assign(buffer: Buffer, start: number, end: number, events: number, id: string | undefined): AssignedFrame | undefined;
}

/** Assigns ids to events in the order of their arrival. */
export class IdCounter implements IdAssigner {
  current: undefined;
  tipId = '';
  readonly #numbers = new EventNumbers();

  assign(
    buffer: Buffer,
    start: number,
    end: number,
    events: number,
    id: string | undefined,
  ): AssignedFrame | undefined {
    const next = this.#numbers.next(events);
    if (next === undefined) return undefined;
    this.tipId = next;
    return assigned(next, withoutId(buffer, start, end, id));
  }
}

/** Gives events the ids that the reader of the upstream has assigned. */
export class RelayedIds implements IdAssigner {
  current: string | undefined;
  tipId: string;

  /** `tipId`: the id of the event that the feed begins after; empty if it is not known. */
  constructor(tipId: string) {
    this.tipId = tipId;
  }

  assign(
    buffer: Buffer,
    start: number,
    end: number,
    events: number,
    id: string | undefined,
  ): AssignedFrame | undefined {
    const { current } = this;
    if (events === 0 || current === undefined) return idRemover.assign(buffer, start, end, events, id);
    this.tipId = current;
    return assigned(current, withoutId(buffer, start, end, id));
  }
}

/** Removes ids. What a join connection sends has no place among the numbers of the live feed. */
export const idRemover: IdAssigner = {
  current: undefined,
  tipId: '',
  assign: (buffer, start, end, events, id) =>
    events === 0 ? undefined : { bytes: withoutId(buffer, start, end, id), id: undefined, ownBytes: 0 },
};

function assigned(id: string, frame: Buffer): AssignedFrame {
  const line = Buffer.from(`id: ${id}\n`);
  return { bytes: Buffer.concat([line, frame]), id, ownBytes: line.length };
}

/** The frame without its id field. Unchanged if it has none. */
export function withoutId(buffer: Buffer, start: number, end: number, id: string | undefined): Buffer {
  const frame = buffer.subarray(start, end);
  if (id === undefined) return frame;
  const { id: _, ...event } = parseEvent(frame);
  return Buffer.from(serializeEvent(event));
}
