import { type UpstreamState, upstreamStateBytes } from '../sse/events.ts';

/** Shortest loss that is reported to browsers, in milliseconds. */
const reportAfterMs = 3_000;

type AwayState = Exclude<UpstreamState, 'restored'>;

/** Reports to a feed's browsers in-band that the upstream is away, and that it is back [R43]. */
export class UpstreamStateReporter {
  readonly #report: (bytes: Buffer) => void;
  #state: AwayState | undefined;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `report` sends a control event to every current browser. */
  constructor(report: (bytes: Buffer) => void) {
    this.#report = report;
  }

  /** The state that was reported; undefined while the upstream is connected, or lost for less than `reportAfterMs`. */
  get state(): AwayState | undefined {
    return this.#state;
  }

  /** The event for a browser that joins now; undefined while {@link state} is. */
  get current(): Buffer | undefined {
    return this.#state && upstreamStateBytes(this.#state, this.#since);
  }

  /**
   * The upstream has been away since `since`, in milliseconds since the epoch: reports it now, or after
   * `reportAfterMs`.
   */
  begin(state: AwayState, since: number, when: 'now' | 'later'): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (when === 'now') this.#set(state, since);
    else this.#timer = setTimeout(() => this.#set(state, since), reportAfterMs).unref();
  }

  /** The upstream is back. */
  end(): void {
    this.stop();
    if (this.#state === undefined) return;
    this.#state = undefined;
    this.#report(upstreamStateBytes('restored', Date.now()));
  }

  /** Cancels a pending report. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #set(state: AwayState, since: number): void {
    this.#state = state;
    this.#since = since;
    this.#report(upstreamStateBytes(state, since));
  }
}
