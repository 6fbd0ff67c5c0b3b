// Preloaded: a wall clock that can be set while the process runs, as an administrator or NTP sets it.
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

/** Sets the clock this much off the real time. */
export function shiftClock(ms: number): void {
  shiftMs = ms;
}
