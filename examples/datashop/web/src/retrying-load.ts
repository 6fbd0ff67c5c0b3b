import { ApiError } from './api-error.ts';
import { retryDelayMs } from './retry.ts';

/** State of a load that is tried again until it succeeds. */
export type LoadState =
  /** `error`: why the previous attempt failed; null at the first attempt. */
  | { readonly kind: 'loading'; readonly attempt: number; readonly error: ApiError | null }
  /** `retryAt`: milliseconds since 1970. */
  | { readonly kind: 'waiting'; readonly attempt: number; readonly retryAt: number; readonly error: ApiError }
  | { readonly kind: 'failed'; readonly error: ApiError }
  | { readonly kind: 'done' };

export interface RetryingLoadOptions {
  /** One attempt. */
  load(signal: AbortSignal): Promise<void>;
  onState(state: LoadState): void;
  /** Called after a failed attempt. */
  mayRetry(): boolean;
}

/** Retries a load until it succeeds. An error that is not temporary ends the load, as it ends the stream. */
export class RetryingLoad {
  readonly #options: RetryingLoadOptions;
  #leaving = new AbortController();
  /** Ends the wait before the next attempt; true: attempt now, false: give up. */
  #endWait: ((attempt: boolean) => void) | null = null;

  constructor(options: RetryingLoadOptions) {
    this.#options = options;
  }

  /**
   * Starts to load, or starts over if a load is running.
   *
   * @returns true if the load succeeded; false if it failed for good, was stopped or was started over
   */
  async run(): Promise<boolean> {
    this.close();
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    const { load, onState, mayRetry } = this.#options;
    let error: ApiError | null = null;
    for (let attempt = 0; ; attempt += 1) {
      onState({ kind: 'loading', attempt, error });
      error = await load(signal).then(() => null, asApiError);
      if (signal.aborted) return false;
      if (error === null) {
        onState({ kind: 'done' });
        return true;
      }
      if (error.isTemporary && mayRetry()) {
        const delayMs = retryDelayMs(attempt, error.retryAfterMs);
        onState({ kind: 'waiting', attempt: attempt + 1, retryAt: Date.now() + delayMs, error });
        const mayGoOn = await this.#wait(delayMs);
        if (signal.aborted) return false;
        if (mayGoOn) continue;
      }
      onState({ kind: 'failed', error });
      return false;
    }
  }

  /** Ends the wait before the next attempt. */
  retryNow(): void {
    this.#endWait?.(true);
  }

  /** Gives up during a wait. A running attempt goes on, and is the last one if `mayRetry` returns false after it. */
  stopRetrying(): void {
    this.#endWait?.(false);
  }

  /** Aborts the load without another call of `onState`. */
  close(): void {
    this.#leaving.abort();
    this.#endWait?.(false);
  }

  /** Ends early when the browser is online again or the page becomes visible, as the stream's own wait does. */
  #wait(delayMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const onVisible = () => document.visibilityState === 'visible' && this.retryNow();
      const onOnline = () => this.retryNow();
      const timer = setTimeout(onOnline, delayMs);
      document.addEventListener('visibilitychange', onVisible);
      window.addEventListener('online', onOnline);
      this.#endWait = (attempt) => {
        this.#endWait = null;
        clearTimeout(timer);
        document.removeEventListener('visibilitychange', onVisible);
        window.removeEventListener('online', onOnline);
        resolve(attempt);
      };
    });
  }
}

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError(0, 'Something went wrong', String(error));
