import type { ReleaseUpstreamPermit } from '../config/upstream-permits.ts';
import type { Subscription } from '../feed/subscription.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import { type Permit, releasePermit } from '../request/permit.ts';

/** What a stream has acquired. All of it is released when the stream ends; at once if the stream has ended already. */
export class StreamHoldings {
  /** Undefined until there is one. */
  subscription: Subscription | undefined;
  readonly #lifetime: Lifetime;
  #permit: Permit | undefined;
  #releaseUpstream: ReleaseUpstreamPermit | undefined;

  constructor(lifetime: Lifetime) {
    this.#lifetime = lifetime;
  }

  addPermit(permit: Permit): void {
    if (this.#lifetime.ended) releasePermit(permit);
    else this.#permit = permit;
  }

  addUpstreamPermit(release: ReleaseUpstreamPermit): void {
    if (this.#lifetime.ended) release();
    else this.#releaseUpstream = release;
  }

  addSubscription(subscription: Subscription): void {
    if (this.#lifetime.ended) subscription.close();
    else this.subscription = subscription;
  }

  /** The stream has ended: releases what was added before. */
  release(): void {
    if (this.#permit) releasePermit(this.#permit);
    this.#releaseUpstream?.();
    this.subscription?.close();
  }
}
