import type { Request } from 'express';
import type { Config } from '../config/options.ts';
import { asProxyError, SseProxyError } from '../errors.ts';
import type { RunInContext } from '../lifecycle/async-context.ts';
import type { Lifetime } from '../lifecycle/lifetime.ts';
import type { Ticker, TickListener } from '../lifecycle/ticker.ts';
import { authorize, demandAllowed } from '../request/admission.ts';

/** A stream whose time is limited. */
export interface TimeLimited {
  readonly req: Request;
  readonly lifetime: Lifetime;
  /** Its key is the first result of `authorize`. */
  readonly identity: { readonly key: string | undefined };
  readonly run: RunInContext;
  /** `authorize`, called again, did not confirm the stream. */
  onEnd(reason: 'unauthorized', error: SseProxyError): void;
}

/**
 * Ends a stream at `maxDurationMs`, and calls `authorize` again every `reauthorizeMs`. Both times are exact to one
 * tick.
 */
export class TimeLimits implements TickListener {
  readonly #stream: TimeLimited;
  readonly #config: Config;
  readonly #ticker: Ticker;
  #ticks = 0;
  #ticksSinceAuthorized = 0;
  #isAuthorizing = false;

  constructor(stream: TimeLimited, config: Config, ticker: Ticker) {
    this.#stream = stream;
    this.#config = config;
    this.#ticker = ticker;
    ticker.add(this);
  }

  stop(): void {
    this.#ticker.remove(this);
  }

  onTick(): void {
    const { maxDurationMs, reauthorizeMs } = this.#config;
    const { periodMs } = this.#ticker;
    this.#ticks++;
    if (maxDurationMs && this.#ticks * periodMs >= maxDurationMs) return this.#stream.lifetime.end('max-duration');
    // Ticks don't count while a call is pending, so that a slow hook is not called twice at once.
    if (!reauthorizeMs || this.#isAuthorizing || ++this.#ticksSinceAuthorized * periodMs < reauthorizeMs) return;
    this.#ticksSinceAuthorized = 0;
    void this.#reauthorize();
  }

  // Any result but an allowed user with the same key ends the stream: the browser reconnects, which authorizes it from
  // the start.
  async #reauthorize(): Promise<void> {
    const { req, lifetime, identity, run } = this.#stream;
    this.#isAuthorizing = true;
    try {
      const authorization = await run(() => authorize(req, this.#config, lifetime));
      demandAllowed(authorization);
      if (authorization.key !== identity.key) {
        throw new SseProxyError('ERR_SSE_FORBIDDEN', { message: 'authorize returned another key' });
      }
    } catch (cause) {
      if (!lifetime.ended) this.#stream.onEnd('unauthorized', asProxyError(cause));
    } finally {
      this.#isAuthorizing = false;
    }
  }
}
