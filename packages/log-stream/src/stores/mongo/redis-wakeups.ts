import type { RedisClientType } from 'redis';
import type { LogFilter } from '../../log-store.ts';
import { type Rules, readOptions } from '../../options.ts';
import type { Wakeups } from './wakeups.ts';

/** Options of {@link RedisWakeups}. */
export interface RedisWakeupsOptions {
  /** The server: `redis://` or `rediss://`, as the `redis` package accepts it. */
  url: string;
}

const rules: Rules<keyof RedisWakeupsOptions> = {
  url: [undefined, ['redis://… or rediss://…', (value) => typeof value === 'string' && /^rediss?:\/\//.test(value)]],
};

type Scope = Required<Pick<LogFilter, 'workspaceID' | 'workflowID'>>;

/** The channel on which a pipeline publishes that it has written logs of a workflow. */
export function channelOf({ workspaceID, workflowID }: Scope): string {
  return `logs:${workspaceID}:${workflowID}`;
}

/**
 * Wakes a `MongoLogStore` by messages of Redis on `logs:{workspace}:{workflow}`. Their content is not read. Needs the
 * package `redis`. While Redis is unreachable, new logs are found by polls alone.
 *
 * @example
 * new MongoLogStore({ server, collection: 'logs', wakeups: new RedisWakeups({ url: 'redis://localhost' }) });
 *
 * @throws LogStreamError `ERR_LOG_STREAM_OPTION` for an invalid option
 */
export class RedisWakeups implements Wakeups {
  readonly #url: string;
  /** The functions to call for a message, by channel. */
  readonly #wakes = new Map<string, Set<() => void>>();
  #client: Promise<RedisClientType> | undefined;
  #hasWarned = false;

  constructor(options: RedisWakeupsOptions) {
    this.#url = readOptions<RedisWakeupsOptions>('RedisWakeups', options, rules).url;
  }

  subscribe(scope: Scope, wake: () => void): () => void {
    const channel = channelOf(scope);
    const wakes = this.#wakes.get(channel);
    if (wakes) wakes.add(wake);
    else {
      this.#wakes.set(channel, new Set([wake]));
      void this.#do((client) => client.subscribe(channel, () => this.#wake(channel)));
    }
    return () => {
      const wakes = this.#wakes.get(channel);
      if (!wakes?.delete(wake) || wakes.size > 0) return;
      this.#wakes.delete(channel);
      void this.#do((client) => client.unsubscribe(channel));
    };
  }

  async close(): Promise<void> {
    // The commands in the client's queue are rejected now.
    this.#hasWarned = true;
    this.#wakes.clear();
    // Without a client there is nothing to close: `#do` has warned.
    const client = await this.#client?.catch(() => undefined);
    client?.destroy();
  }

  #wake(channel: string): void {
    for (const wake of [...(this.#wakes.get(channel) ?? [])]) wake();
  }

  async #do(command: (client: RedisClientType) => Promise<unknown>): Promise<void> {
    try {
      this.#client ??= this.#connect();
      await command(await this.#client);
    } catch (error) {
      this.#warn(error);
    }
  }

  async #connect(): Promise<RedisClientType> {
    const { createClient } = await import('redis');
    const client = createClient({ url: this.#url }) as RedisClientType;
    client.on('error', (error: unknown) => this.#warn(error));
    // Messages may have been missed before.
    client.on('ready', () => {
      for (const channel of [...this.#wakes.keys()]) this.#wake(channel);
    });
    // Not awaited: the client queues commands until it is connected.
    client.connect().catch((error: unknown) => this.#warn(error));
    return client;
  }

  #warn(thrown: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const reason = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
    process.emitWarning(`RedisWakeups: ${reason}; new logs are found by polls until Redis is back`);
  }
}
