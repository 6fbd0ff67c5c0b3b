import type { SseRedisError } from '../errors.ts';
import type { RedisObserver, RedisPart } from '../types.ts';

/** The observers of one limiter or feed store. */
export class Observers {
  readonly #part: RedisPart;
  readonly #observers: readonly RedisObserver[];

  constructor(part: RedisPart, observers: readonly RedisObserver[]) {
    this.#part = part;
    this.#observers = observers;
  }

  onAttach(stats: Parameters<NonNullable<RedisObserver['onAttach']>>[0]['stats']): void {
    this.#notify((observer) => observer.onAttach?.({ part: this.#part, stats }));
  }

  onError(error: SseRedisError): void {
    this.#notify((observer) => observer.onError?.({ part: this.#part, error }));
  }

  onCommand(durationMs: number): void {
    this.#notify((observer) => observer.onCommand?.({ part: this.#part, durationMs }));
  }

  onLeaseLost(): void {
    this.#notify((observer) => observer.onLeaseLost?.({ part: this.#part }));
  }

  /** What an observer throws, or rejects with, is dropped: it must not end a stream. */
  #notify(call: (observer: RedisObserver) => unknown): void {
    for (const observer of this.#observers) {
      try {
        const result = call(observer);
        if (result instanceof Promise) result.catch(() => {});
      } catch {
        // It was dropped.
      }
    }
  }
}
