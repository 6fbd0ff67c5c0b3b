import { SseProxyError } from '../../errors.ts';
import type { SharedFeed } from './shared-feed.ts';
import type { SharedSubscription } from './shared-subscription.ts';

const checkMs = 1_000;
/** A browser that has waited for this many checks is refused, and reconnects later. */
const maxChecks = 10;

interface Waiting {
  readonly subscription: SharedSubscription;
  readonly begin: () => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Browsers that need a backfill while there is one. A running backfill serves every browser whose id it reaches, and
 * most end soon. So browsers wait for their turn instead of opening an upstream connection each.
 */
export class BackfillQueue {
  readonly #isBusy: () => boolean;
  readonly #waiting = new Map<SharedSubscription, Waiting>();
  readonly #byCursor = new Map<string, Set<Waiting>>();

  /** `isBusy` returns true while a backfill receives events. Browsers don't wait for one that is slow. */
  constructor(isBusy: () => boolean) {
    this.#isBusy = isBusy;
  }

  /** Calls `begin` when it is the subscription's turn, or after a second in which no backfill is busy. */
  add(subscription: SharedSubscription, begin: () => void): void {
    let checks = 0;
    const timer = setInterval(() => {
      if (!this.#isBusy()) return this.#begin(waiting);
      if (++checks < maxChecks) return;
      this.#remove(waiting);
      subscription.fail(new SseProxyError('ERR_SSE_OVERLOAD'));
    }, checkMs);
    const waiting: Waiting = { subscription, begin, timer };
    this.#waiting.set(subscription, waiting);
    const same = this.#byCursor.get(subscription.cursor) ?? new Set();
    this.#byCursor.set(subscription.cursor, same.add(waiting));
  }

  remove(subscription: SharedSubscription): void {
    const waiting = this.#waiting.get(subscription);
    if (waiting) this.#remove(waiting);
  }

  /** A backfill has ended: begins with the browsers in order, until one of them has opened a backfill. */
  next(isFree: () => boolean): void {
    for (const waiting of [...this.#waiting.values()]) {
      if (!isFree()) return;
      if (this.#waiting.has(waiting.subscription)) this.#begin(waiting);
    }
  }

  /** `feed` has stored the frame with this id: places the browsers that have the id there. */
  serve(feed: SharedFeed, id: string): void {
    const same = this.#byCursor.get(id);
    if (!same) return;
    for (const waiting of [...same]) {
      const found = feed.locate(id);
      if (!found) return;
      this.#remove(waiting);
      waiting.subscription.place(feed, found.position);
    }
  }

  /** `feed` has stored frames: places the browsers whose ids it has now. */
  serveAll(feed: SharedFeed): void {
    for (const id of [...this.#byCursor.keys()]) this.serve(feed, id);
  }

  /** Refuses all browsers that wait. */
  clear(error: SseProxyError | undefined): void {
    for (const waiting of [...this.#waiting.values()]) {
      this.#remove(waiting);
      waiting.subscription.fail(error ?? new SseProxyError('ERR_SSE_UPSTREAM_BROKEN'));
    }
  }

  #begin(waiting: Waiting): void {
    this.#remove(waiting);
    try {
      waiting.begin();
    } catch (error) {
      waiting.subscription.fail(error);
    }
  }

  #remove(waiting: Waiting): void {
    clearInterval(waiting.timer);
    const { subscription } = waiting;
    this.#waiting.delete(subscription);
    const same = this.#byCursor.get(subscription.cursor);
    same?.delete(waiting);
    if (same?.size === 0) this.#byCursor.delete(subscription.cursor);
  }
}
