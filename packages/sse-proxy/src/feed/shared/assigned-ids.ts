import { randomUUID } from 'node:crypto';
import { parseEvent, serializeEvent } from '../../sse/events.ts';

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
  /** Id of the newest event; empty before the first one, or if none are given. */
  readonly tipId: string;
  /** Returns undefined for a frame that must not reach browsers: a lone id would take the place of ours. */
  assign(source: Buffer, start: number, end: number, events: number, id: string | undefined): AssignedFrame | undefined;
}

/** Numbers events from 1 within an epoch: `<epoch>-<number>`. */
export class IdCounter implements IdAssigner {
  readonly #epoch = randomUUID().slice(0, 8);
  #count = 0;

  get tipId(): string {
    return this.#count === 0 ? '' : `${this.#epoch}-${this.#count}`;
  }

  assign(
    source: Buffer,
    start: number,
    end: number,
    events: number,
    id: string | undefined,
  ): AssignedFrame | undefined {
    if (events === 0) return undefined;
    this.#count++;
    const line = Buffer.from(`id: ${this.tipId}\n`);
    const bytes = Buffer.concat([line, withoutId(source, start, end, id)]);
    return { bytes, id: this.tipId, ownBytes: line.length };
  }
}

/** Removes ids. What a join connection sends has no place among the numbers of the live feed. */
export const idRemover: IdAssigner = {
  tipId: '',
  assign: (source, start, end, events, id) =>
    events === 0 ? undefined : { bytes: withoutId(source, start, end, id), id: undefined, ownBytes: 0 },
};

/** The frame without its id field. Unchanged if it has none. */
export function withoutId(source: Buffer, start: number, end: number, id: string | undefined): Buffer {
  const frame = source.subarray(start, end);
  if (id === undefined) return frame;
  const { id: _, ...event } = parseEvent(frame);
  return Buffer.from(serializeEvent(event));
}
