import type { RelayContent } from '../../types.ts';
import { type RelayedEnd, readMeta } from './relay-meta.ts';
import type { CallParts, RelayTarget } from './relay-parts.ts';

/** Is notified of entries that concern more than the feed's browsers. */
export interface EntryListener {
  /** The hooks now make a request that belongs to another feed. */
  onMoved(): void;
  /** The leader has left. */
  onVacant(): void;
  /** The upstream has ended. */
  onEnded(end: RelayedEnd): void;
}

/** Passes entries to the feed, whether they come from the log or from this instance's reader. */
export class EntryReceiver {
  readonly #feed: RelayTarget;
  readonly #call: CallParts;
  readonly #listener: EntryListener;
  readonly #onChecking: () => void;
  /**
   * True while hooks are called for the browsers of this instance: these browsers must not be sent anything meanwhile.
   */
  isChecking = false;

  /** `onChecking` is called when `isChecking` has changed. */
  constructor(feed: RelayTarget, call: CallParts, listener: EntryListener, onChecking: () => void) {
    this.#feed = feed;
    this.#call = call;
    this.#listener = listener;
    this.#onChecking = onChecking;
  }

  /** `isLeader`: this instance leads. */
  receive({ meta, data }: RelayContent, isLeader: boolean): void {
    const { ids, gap, state, connected, end, left } = readMeta(meta);
    if (data.length > 0) this.#feed.onEvents(data, ids);
    if (connected && !isLeader) void this.#checkRequest();
    if (gap) this.#feed.relayGap(gap);
    if (state) this.#feed.relayState(state.state, state.since);
    if (left && !isLeader) this.#listener.onVacant();
    if (end) this.#listener.onEnded(end);
  }

  /** The leader's hooks were called when it connected: those of this instance are called too [R51]. */
  async #checkRequest(): Promise<void> {
    const { parts, relayed, request: first } = this.#call;
    this.isChecking = true;
    this.#onChecking();
    const request = await parts.prepare().catch(() => undefined);
    this.isChecking = false;
    if (request && relayed.keyOf(request) !== relayed.keyOf(first)) this.#listener.onMoved();
    else this.#onChecking();
  }
}
