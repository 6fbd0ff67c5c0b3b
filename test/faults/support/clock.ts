// Preloaded into a process: a wall clock that the test can set, as an administrator or NTP does.
const RealDate = Date;
let shiftMs = 0;

class ShiftedDate extends RealDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(RealDate.now() + shiftMs);
    else super(...(given as [number]));
  }
  static override now(): number {
    return RealDate.now() + shiftMs;
  }
}
globalThis.Date = ShiftedDate as DateConstructor;

/** Sets the clock `ms` ahead of the real time; negative: behind. */
export function shiftClock(ms: number): void {
  shiftMs = ms;
}
