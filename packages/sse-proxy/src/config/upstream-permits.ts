import { SseProxyError } from '../errors.ts';

/** Releases a permit; calls after the first have no effect. */
export type ReleaseUpstreamPermit = () => void;

/**
 * Bounds the upstream connections of one middleware (`limits.upstreams`): dedicated, shared, lingering, backfills and
 * joins hold one permit each. Whoever opens the connection acquires the permit and releases it when the connection,
 * or the feed that reconnects it, has ended. [R53]
 */
export class UpstreamPermits {
  readonly max: number;
  #held = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Permits held now. */
  get held(): number {
    return this.#held;
  }

  /**
   * Acquires a permit and returns its release; undefined if all permits are held: close a lingering feed and try again.
   */
  tryAcquire(): ReleaseUpstreamPermit | undefined {
    if (this.#held >= this.max) return undefined;
    this.#held++;
    let isHeld = true;
    return () => {
      if (isHeld) this.#held--;
      isHeld = false;
    };
  }

  /**
   * Acquires a permit and returns its release.
   * @throws SseProxyError `ERR_SSE_LIMIT_UPSTREAMS` if all permits are held
   */
  acquire(): ReleaseUpstreamPermit {
    const release = this.tryAcquire();
    if (release) return release;
    const message = `limits.upstreams reached: ${this.max} upstream connections are open`;
    throw new SseProxyError('ERR_SSE_LIMIT_UPSTREAMS', { message, rule: 'upstreams' });
  }
}
