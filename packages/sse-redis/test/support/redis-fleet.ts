import { setTimeout as sleep } from 'node:timers/promises';
import { Relay } from '../../../../test/faults/support/relay.ts';
import { type FleetLogs, fleetSize } from '../../../sse-proxy/test/support/fleet-schedule.ts';
import { redisFeeds } from '../../src/index.ts';
import type { RedisFeeds } from '../../src/types.ts';
import type { RedisServer } from './redis-server.ts';

/** A step passes at most this time, in milliseconds: schedules are written for a clock that costs nothing. */
const mostMs = 300;

/** Feeds of three instances over one Redis, each with a connection that can be cut; in real time. */
export class RedisFleet implements FleetLogs {
  readonly relays: readonly RedisFeeds[];
  readonly #redis: RedisServer;
  readonly #prefix: string;
  readonly #links: readonly Relay[];

  private constructor(redis: RedisServer, prefix: string, links: readonly Relay[]) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#links = links;
    this.relays = links.map(({ port }) =>
      redisFeeds({
        redis: `redis://127.0.0.1:${port}`,
        prefix,
        commandTimeoutMs: 200,
        leaseMs: 800,
        onModeChange() {},
      }),
    );
  }

  /** Fleets with different prefixes share nothing but the server. */
  static async start(redis: RedisServer, prefix: string): Promise<RedisFleet> {
    const links = await Promise.all(Array.from({ length: fleetSize }, () => Relay.start(redis.port)));
    return new RedisFleet(redis, prefix, links);
  }

  begin(): void {}

  connect(instance: number, isUp: boolean): void {
    this.#links[instance]?.stall(!isUp);
  }

  async expire(): Promise<void> {
    await this.#remove(`${this.#prefix}feed:*:lease`);
  }

  async clear(): Promise<void> {
    await this.#remove(`${this.#prefix}feed:*`);
  }

  async #remove(pattern: string): Promise<void> {
    const script = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end`;
    await this.#try('EVAL', script, '0', pattern);
  }

  async trim(keep: number): Promise<void> {
    const script = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
      if redis.call('TYPE', key).ok == 'stream' then redis.call('XTRIM', key, 'MAXLEN', ARGV[2]) end
    end`;
    await this.#try('EVAL', script, '0', `${this.#prefix}feed:*`, String(keep));
  }

  // The server may have been killed.
  async #try(...args: string[]): Promise<void> {
    await this.#redis.command(...args).catch(() => {});
  }

  async pass(ms: number): Promise<void> {
    await sleep(Math.min(ms, mostMs));
  }

  async settle(): Promise<void> {
    await sleep(3);
  }

  async end(): Promise<void> {
    for (const link of this.#links) link.stall(false);
    await Promise.all(this.relays.map((relay) => relay.close()));
    await Promise.all(this.#links.map((link) => link.close()));
  }
}
