import { type LevelGroup, levelGroups } from '../log.ts';
import { type Counted, emptyVolume, noVolume, type Volume, widthOf } from './volume.ts';

/** Lines by level, in the order of `levelGroups`, and their sum. */
type Tally = number[];

/**
 * Widths of the buckets that are kept, in milliseconds, ascending. Each width of a volume is a multiple of one of them.
 */
const units = [1_000, 60_000, 3_600_000] as const;
const perUnit = 60;

const places = Object.fromEntries(levelGroups.map((group, index) => [group, index])) as Record<LevelGroup, number>;
const sumAt = levelGroups.length;

/** The tallies of one second, and the minute and the hour that it belongs to. */
interface Place {
  readonly second: number;
  readonly tallies: readonly Tally[];
}

/**
 * Counts lines by level over time while lines come and go. The cost of a line does not depend on how many there are. A
 * volume is added up of the seconds, the minutes or the hours with lines: at most 1,800 seconds or minutes, or any
 * number of hours.
 */
export class VolumeCounter {
  readonly #tallies = units.map(() => new Map<number, Tally>());
  /** Where a line was last added and last removed: the next one probably has the same second. */
  #added: Place | undefined;
  #removed: Place | undefined;

  add({ group, time }: Counted): void {
    if (this.#added?.second !== Math.floor(time / 1_000)) this.#added = this.#placeOf(time);
    for (const tally of this.#added.tallies) {
      tally[places[group]]! += 1;
      tally[sumAt]! += 1;
    }
  }

  /** Removes a line that was added. */
  remove({ group, time }: Counted): void {
    if (this.#removed?.second !== Math.floor(time / 1_000)) this.#removed = this.#placeOf(time);
    const { tallies } = this.#removed;
    tallies.forEach((tally, unit) => {
      tally[places[group]]! -= 1;
      tally[sumAt]! -= 1;
      if (tally[sumAt] !== 0) return;
      this.#tallies[unit]!.delete(Math.floor(time / units[unit]!));
      this.#added = this.#removed = undefined;
    });
  }

  /** @param bounds of the time; without one, those of the lines, to the second */
  volume({ fromMs, toMs }: { fromMs?: number | undefined; toMs?: number | undefined } = {}): Volume {
    const first = fromMs ?? this.#end(Math.min);
    const last = toMs === undefined ? this.#end(Math.max) : toMs - 1;
    if (!(first <= last)) return noVolume;
    const width = widthOf(first, last);
    const unit = units.findLastIndex((each) => width % each === 0);
    const begin = Math.floor(first / width);
    const volume = emptyVolume(begin * width, width, Math.floor(last / width) - begin + 1);
    for (const [at, tally] of this.#tallies[unit]!) {
      const bucket = Math.floor((at * units[unit]!) / width) - begin;
      for (const group of levelGroups) {
        const level = volume.counts[group];
        if (level[bucket] !== undefined) level[bucket] += tally[places[group]]!;
      }
    }
    return volume;
  }

  #placeOf(time: number): Place {
    const tallies = units.map((width, unit) => {
      const at = Math.floor(time / width);
      const known = this.#tallies[unit]!.get(at);
      const tally = known ?? new Array<number>(sumAt + 1).fill(0);
      if (known === undefined) this.#tallies[unit]!.set(at, tally);
      return tally;
    });
    return { second: Math.floor(time / 1_000), tallies };
  }

  /** The first or the last second with a line; NaN without one. */
  #end(pick: (...at: number[]) => number): number {
    const [seconds, minutes, hours] = this.#tallies as [Map<number, Tally>, Map<number, Tally>, Map<number, Tally>];
    if (hours.size === 0) return Number.NaN;
    let hour = hours.keys().next().value!;
    for (const each of hours.keys()) hour = pick(hour, each);
    const within = (at: number, of: Map<number, Tally>) => {
      const all = Array.from({ length: perUnit }, (_, index) => at * perUnit + index);
      return pick(...all.filter((each) => of.has(each)));
    };
    return within(within(hour, minutes), seconds) * 1_000;
  }
}
