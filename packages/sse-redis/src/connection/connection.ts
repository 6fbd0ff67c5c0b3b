import { SseRedisError } from '../errors.ts';
import type { RedisAddress } from '../types.ts';
import { withDeadline } from './deadline.ts';
import { discard, openClient, type RedisClient } from './open-client.ts';

const minRetryMs = 100;
const maxRetryMs = 1_000;
/**
 * A client dropped within this time counts as a failed connect, so the backoff keeps growing: Redis may accept
 * connections and refuse commands.
 */
const stableMs = 5_000;

export interface ConnectionOptions {
  readonly address: RedisAddress;
  /** Bound of each command and of each connect, in milliseconds. */
  readonly commandTimeoutMs: number;
  /**
   * Called with each new client, before it is used otherwise. If it rejects, the client is discarded and the next
   * attempt follows.
   */
  onConnect(client: RedisClient): Promise<void>;
  /** Called when `onConnect` has resolved: `isReady` is true. */
  onReady(): void;
  /** Called when an attempt has failed, and when the client in use is dropped. Never called after `close()`. */
  onFail(error: SseRedisError): void;
  /** Called when commands were executed, refused or timed out. @defaultValue not called */
  onCommand?(durationMs: number): void;
}

/**
 * One connection to Redis, replaced whenever it fails: after an error, an error reply, or a command that is late. Redis
 * may still execute a late command, so whatever it changes must be void for the next client.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  #client: RedisClient | undefined;
  #isReady = false;
  #isClosed = false;
  /** Attempts since a client was in use for {@link stableMs}. */
  #failures = 0;
  /** When the client in use passed `onConnect`, on the monotonic clock. */
  #readyAt = Number.POSITIVE_INFINITY;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** True while the client that passed `onConnect` is in use. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /**
   * Runs commands on the client. If they reject or are late, the client is dropped.
   *
   * @throws SseRedisError `ERR_SSE_REDIS_LOST` at once if there is no client; `ERR_SSE_REDIS_TIMEOUT`;
   * `ERR_SSE_REDIS_REPLY`
   */
  async call<T>(commands: (client: RedisClient) => Promise<T>): Promise<T> {
    const client = this.#client;
    if (!client) throw new SseRedisError('ERR_SSE_REDIS_LOST', 'there is no connection to Redis');
    const startedAt = performance.now();
    try {
      return await withDeadline(this.#options.commandTimeoutMs, commands(client));
    } catch (cause) {
      const error = asRedisError(cause);
      this.#drop(client, error);
      throw error;
    } finally {
      this.#options.onCommand?.(performance.now() - startedAt);
    }
  }

  /**
   * Replaces a client that may still work: another connection has failed, and the next one may lead to another server.
   */
  replace(): void {
    const client = this.#client;
    if (!client) return;
    this.#client = undefined;
    this.#isReady = false;
    discard(client);
    this.#retryLater();
  }

  /** Closes the connection for good. Commands without a reply reject. */
  close(): void {
    this.#isClosed = true;
    this.#isReady = false;
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#client = undefined;
    if (client) discard(client);
  }

  async #connect(): Promise<void> {
    const { address, commandTimeoutMs, onConnect } = this.#options;
    let client: RedisClient;
    try {
      client = await openClient(address, commandTimeoutMs);
    } catch (error) {
      this.#failed(asRedisError(error));
      return;
    }
    if (this.#isClosed) return discard(client);
    this.#client = client;
    const lost = () => this.#drop(client, new SseRedisError('ERR_SSE_REDIS_LOST', 'the connection to Redis has ended'));
    client.on('error', lost).on('end', lost);
    try {
      await onConnect(client);
      if (this.#client !== client) return;
      this.#isReady = true;
      this.#readyAt = performance.now();
      this.#options.onReady();
    } catch (error) {
      this.#drop(client, asRedisError(error));
    }
  }

  #drop(client: RedisClient, error: SseRedisError): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#isReady = false;
    discard(client);
    this.#failed(error);
  }

  #failed(error: SseRedisError): void {
    if (this.#isClosed) return;
    this.#retryLater();
    this.#options.onFail(error);
  }

  #retryLater(): void {
    if (performance.now() - this.#readyAt > stableMs) this.#failures = 0;
    this.#readyAt = Number.POSITIVE_INFINITY;
    const delayMs = Math.min(maxRetryMs, minRetryMs * 2 ** this.#failures++);
    // Instances that lost Redis together don't return at the same moment.
    this.#retry = setTimeout(() => void this.#connect(), delayMs * (0.5 + Math.random() / 2));
    this.#retry.unref();
  }
}

function asRedisError(cause: unknown): SseRedisError {
  if (cause instanceof SseRedisError) return cause;
  // Replies such as "OOM command not allowed …", "READONLY …", "NOPERM …": the first word suffices, and the rest may
  // hold a key.
  const [word] = /^[A-Z]{3,}\b/.exec(String((cause as Error).message)) ?? [];
  if (word) return new SseRedisError('ERR_SSE_REDIS_REPLY', `Redis replied with the error ${word}`, { cause });
  return new SseRedisError('ERR_SSE_REDIS_LOST', 'the connection to Redis has ended', { cause });
}
