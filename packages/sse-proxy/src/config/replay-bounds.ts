/** Bounds of a {@link ReplayRing}; whichever is reached first makes it forget its oldest frames. */
export interface ReplayBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}
