/** When a store looks for what, in milliseconds. */
export interface Timing {
  /** The server's time, in milliseconds since 1970: the documents' ids are compared with it. */
  now(): number;
  /** Between two looks for new logs while somebody listens. */
  readonly pollMs: number;
  /** Documents are expected to be visible so long after their ObjectId was made. */
  readonly settleMs: number;
  /** Documents that become visible so long after that are found too, by a look that reads more. */
  readonly lateMs: number;
  /** Between two such looks. */
  readonly lateEveryMs: number;
  /** Bound of the list of arrivals of one workflow. */
  readonly maxArrivals: number;
}
