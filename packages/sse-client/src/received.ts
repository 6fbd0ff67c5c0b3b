/** An event as it came over the wire. `id` is '' where it came without one. */
export interface ReceivedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
  readonly receivedAt: number;
}

/** Times are milliseconds since 1970. */
export interface ReceivedGap {
  readonly reason: string;
  readonly from: number;
  readonly to: number;
  readonly afterId: string;
}
