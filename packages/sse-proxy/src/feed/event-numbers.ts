import { randomUUID } from 'node:crypto';

/**
 * Assigns ids of the proxy's own to what one reader of an upstream reads: `<epoch>-<number>`, from 1.
 *
 * An id names one event in all instances. The reader assigns it once, and it accompanies the event: to the log of a
 * relay, or to the reader's own browsers. Each reader has a random epoch of its own: the next leader too, this instance
 * after its connection was replaced, and one that reads alone. So instances need no agreement, and no id that a server
 * loses is assigned again. The epochs of successive leaders are ordered by the log.
 */
export class EventNumbers {
  readonly #epoch = randomUUID().slice(0, 8);
  #count = 0;

  /** Assigns ids to the next `events` events. Returns that of the first; undefined if `events` is 0. */
  next(events: number): string | undefined {
    if (events === 0) return undefined;
    const first = `${this.#epoch}-${this.#count + 1}`;
    this.#count += events;
    return first;
  }
}

/** The id of the event that is `distance` events after the one with the id `first`. */
export function idAfter(first: string, distance: number): string {
  const [epoch, number] = partsOf(first);
  return `${epoch}-${number + distance}`;
}

/** Number of events from `first` to `id`; undefined if `id` precedes `first`, or if they have different epochs. */
export function distanceOf(first: string, id: string): number | undefined {
  const [epoch, number] = partsOf(first);
  const [otherEpoch, otherNumber] = partsOf(id);
  return epoch === otherEpoch && otherNumber >= number ? otherNumber - number : undefined;
}

/** True if the id has the form of those that {@link EventNumbers} assigns. */
export function isOwnId(id: string): boolean {
  return /^[0-9a-f]{8}-[1-9]\d{0,15}$/.test(id);
}

function partsOf(id: string): [epoch: string, number: number] {
  const dash = id.indexOf('-');
  return [id.slice(0, dash), Number(id.slice(dash + 1))];
}
