/** When a store looks for new logs, and how far back, in milliseconds. The terms are defined in `log-list.ts`. */
export interface Timing {
  /** The server's time, in milliseconds since 1970: the documents' ids are compared with it. */
  now(): number;
  /** Between two looks of a watch that has listeners. */
  readonly pollMs: number;
  /** Documents are expected to become visible within this time after their ObjectId was made. */
  readonly settleMs: number;
  /** Documents that become visible later than that, but within this time, are found by a late look. */
  readonly lateMs: number;
  /** Between two late looks. */
  readonly lateEveryMs: number;
  /** Bound of the list of arrivals of one workflow. */
  readonly maxArrivals: number;
}
