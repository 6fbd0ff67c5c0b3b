/** How an upstream process is started. */
export interface UpstreamSetUp {
  readonly log: string;
  readonly port: number;
  readonly host: string;
  readonly backlog: number;
  readonly eventBytes: number;
}

/** How the upstream misbehaves. */
export interface UpstreamSwitches {
  /** Sends all events to every connection. */
  ignoreLastEventId?: boolean;
  noIds?: boolean;
  /** Gives the same id to this many successive events, and resumes at the first event with that id (`>=`). */
  eventsPerId?: number;
  /** Sends the headers together with the first event. */
  lateHead?: boolean;
  /** One of `every` events has `bytes`. */
  large?: { every: number; bytes: number };
  /** Refuses requests whose Authorization isn't this, with 401. */
  token?: string;
  /** Sent as `retry:` at the start of each stream. */
  retryMs?: number;
  /** Responses to the next requests, one each. */
  answers?: { status: number; headers?: Record<string, string> }[];
  /** Response to every request. */
  answer?: { status: number; headers?: Record<string, string> } | undefined;
}
