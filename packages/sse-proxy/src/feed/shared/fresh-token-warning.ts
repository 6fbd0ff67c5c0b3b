import type { JoinRequest } from './shared-request.ts';

const maxKnown = 100;

/**
 * Warns once if `upstreamHeaders` returns another Authorization at each call: then the requests of two browsers are
 * never equal, and no feed is shared [R51]. Two browsers with different tokens may be two users, so the hook is called
 * a second time for one of them.
 */
export class FreshTokenWarning {
  /** Key of a request without its own Authorization → the key with it. */
  readonly #known = new Map<string, string>();
  #isDecided = false;

  /** A browser joins. */
  check({ made, builder }: JoinRequest): void {
    if (this.#isDecided || !builder || builder.identify || !made.request.hasOwnAuthorization) return;
    const known = this.#known.get(made.looseKey);
    if (known === undefined) this.#remember(made.looseKey, made.key);
    else if (known !== made.key) {
      this.#isDecided = true;
      this.#known.clear();
      builder.build().then(
        (again) => {
          if (again.key !== made.key && again.looseKey === made.looseKey) warn();
        },
        // A failed hook gives no second token to compare.
        () => {},
      );
    }
  }

  #remember(looseKey: string, key: string): void {
    this.#known.set(looseKey, key);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}

function warn(): void {
  process.emitWarning(
    'sse-proxy option share: expected upstreamHeaders to return the same authorization for browsers that may share a feed, ' +
      'got another one at each call, so that every browser has an upstream connection of its own. Reuse the token while it ' +
      'is valid, or set share.key.',
    { type: 'SseProxyWarning', code: 'SSE_PROXY_FRESH_TOKENS' },
  );
}
