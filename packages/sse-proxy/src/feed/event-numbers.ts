import { randomUUID } from 'node:crypto';

/**
 * Ids of the proxy's own, which one reader of an upstream gives to what it reads: `<epoch>-<number>`, from 1.
 *
 * An id names one event in all instances. The reader gives it once, and it goes with the event: to the log of a relay,
 * or to the reader's own browsers. No other reader has this random epoch: neither the next leader, nor this instance
 * after its connection was replaced, nor one that reads alone. So nothing has to be agreed upon, and nothing that a
 * server loses can be given again. What connects the epochs of successive leaders is their order in the log.
 */
export class EventNumbers {
  readonly #epoch = randomUUID().slice(0, 8);
  #count = 0;

  /** Gives the next `events` events their ids. Returns that of the first; undefined if there is none. */
  next(events: number): string | undefined {
    if (events === 0) return undefined;
    const first = `${this.#epoch}-${this.#count + 1}`;
    this.#count += events;
    return first;
  }
}

/** The id of the event that comes `distance` events after the one with the id `first`. */
export function idAfter(first: string, distance: number): string {
  const [epoch, number] = partsOf(first);
  return `${epoch}-${number + distance}`;
}

/** How many events after the one with the id `first` the other one comes; undefined if they have different epochs. */
export function distanceOf(first: string, id: string): number | undefined {
  const [epoch, number] = partsOf(first);
  const [otherEpoch, otherNumber] = partsOf(id);
  return epoch === otherEpoch && otherNumber >= number ? otherNumber - number : undefined;
}

/** Whether a browser may have this id from {@link EventNumbers}. */
export function isOwnId(id: string): boolean {
  return /^[0-9a-f]{8}-[1-9]\d{0,15}$/.test(id);
}

function partsOf(id: string): [epoch: string, number: number] {
  const dash = id.indexOf('-');
  return [id.slice(0, dash), Number(id.slice(dash + 1))];
}
