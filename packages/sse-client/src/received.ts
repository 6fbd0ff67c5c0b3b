/** An event of the stream. */
export interface ReceivedEvent {
  /** The event's own id, or '' if it has none. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** A loss of continuity. */
export interface ReceivedGap {
  readonly reason: string;
  /** Milliseconds since 1970, as is `to`. */
  readonly from: number;
  readonly to: number;
  /** Id of the last event before the gap; '' if unknown. */
  readonly afterId: string;
  /** Id of the missing event, if exactly one is missing and its id is known. */
  readonly id?: string | undefined;
}
