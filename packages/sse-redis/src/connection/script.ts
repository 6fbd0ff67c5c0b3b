import { hash } from 'node:crypto';
import type { RedisClient } from './open-client.ts';

/** How replies are decoded. */
type CommandOptions = Parameters<RedisClient['sendCommand']>[1];

/** A Lua script that runs in Redis, atomically. */
export class Script {
  readonly #source: string;
  readonly #sha: string;

  constructor(source: string) {
    this.#source = source;
    this.#sha = hash('sha1', source);
  }

  /** Stores the script in Redis. Otherwise its first run would be overtaken by commands that are sent after it. */
  async load(client: RedisClient): Promise<void> {
    await client.sendCommand(['SCRIPT', 'LOAD', this.#source]);
  }

  /** Runs the script; sends its source only if Redis has lost it. */
  async run(
    client: RedisClient,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
    options?: CommandOptions,
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map((arg) => (typeof arg === 'number' ? String(arg) : arg))];
    try {
      return await client.sendCommand(['EVALSHA', this.#sha, ...rest], options);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return client.sendCommand(['EVAL', this.#source, ...rest], options);
    }
  }
}
