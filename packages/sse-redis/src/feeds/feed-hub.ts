import { randomUUID } from 'node:crypto';
import type { RelayBounds, RelayListener, RelayLog } from '@datashop/sse-proxy';
import { Connection } from '../connection/connection.ts';
import type { Mode } from '../connection/mode.ts';
import type { Observers } from '../connection/observers.ts';
import { RedisCommands } from '../connection/redis-commands.ts';
import { Script } from '../connection/script.ts';
import type { SseRedisError } from '../errors.ts';
import type { RedisAddress } from '../types.ts';
import { AppendQueue } from './append-queue.ts';
import { type LogOwner, RedisLog } from './redis-log.ts';
import * as scripts from './scripts.ts';
import { XreadLoop } from './xread-loop.ts';

export interface HubOptions {
  readonly address: RedisAddress;
  /** Precedes all keys. */
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly leaseMs: number;
  readonly mode: Mode;
  readonly observers: Observers;
}

/** Renewals per lease: several may be lost. */
const renewalsPerLease = 5;
/** Longest block of the reading command, in milliseconds. */
const blockMs = 1_000;
/** How long the stream that ends the blocking read lives without use, in milliseconds. */
const wakeLifeMs = 60_000;

/** The logs of one process: one connection for commands, and one that reads all streams. */
export class FeedHub implements LogOwner {
  readonly commands: RedisCommands;
  readonly appends: AppendQueue;
  readonly leaseMs: number;
  readonly #options: HubOptions;
  readonly #connections: readonly Connection[];
  readonly #xreadLoop: XreadLoop;
  readonly #wakeStream: string;
  readonly #logs = new Set<RedisLog>();
  readonly #renewal: NodeJS.Timeout;
  readonly #starting: NodeJS.Timeout;
  #isWakeDue = false;

  constructor(options: HubOptions) {
    const { address, prefix, commandTimeoutMs, leaseMs, observers } = options;
    this.#options = options;
    this.leaseMs = leaseMs;
    // Both must lead to the same server: after a failover, a connection that still works may lead to the former
    // primary.
    const main: Connection = new Connection({
      address,
      commandTimeoutMs,
      onConnect: () => load(main),
      onReady: () => this.#onReady(),
      onFail: (error) => this.#onFail(error, reading),
      onCommand: (durationMs) => observers.onCommand(durationMs),
    });
    const reading: Connection = new Connection({
      address,
      commandTimeoutMs: commandTimeoutMs + blockMs,
      onConnect: async () => {},
      onReady: () => this.#onReady(),
      onFail: (error) => this.#onFail(error, main),
    });
    this.#connections = [main, reading];
    this.commands = new RedisCommands(main);
    this.appends = new AppendQueue(this.commands, leaseMs);
    this.#wakeStream = `${prefix}wake:${randomUUID()}`;
    this.#xreadLoop = new XreadLoop(new RedisCommands(reading), this.#wakeStream, blockMs);
    this.#renewal = setInterval(() => void this.#renew(), leaseMs / renewalsPerLease).unref();
    this.#starting = setTimeout(() => this.#notifyIfStarting(), commandTimeoutMs).unref();
  }

  open(key: string, bounds: RelayBounds, listener: RelayListener): RelayLog {
    const log = new RedisLog(`${this.#options.prefix}${key}`, bounds, listener, this);
    this.#logs.add(log);
    const { mode } = this.#options;
    setImmediate(() => {
      if (mode.current !== 'starting' && this.#logs.has(log)) log.onAvailable(mode.current === 'shared');
    });
    return log;
  }

  /** Number of feeds that this process reads for all. */
  get led(): number {
    return [...this.#logs].filter(({ held }) => held).length;
  }

  onFollow(log: RedisLog): void {
    this.#xreadLoop.update(log);
    if (log.after) this.#wakeSoon();
  }

  onClose(log: RedisLog): void {
    this.#logs.delete(log);
  }

  onLeaseLost(): void {
    this.#options.observers.onLeaseLost();
  }

  async close(): Promise<void> {
    clearInterval(this.#renewal);
    clearTimeout(this.#starting);
    await this.appends.whenIdle();
    for (const connection of this.#connections) connection.close();
  }

  #onReady(): void {
    if (!this.#connections.every(({ isReady }) => isReady)) return;
    void this.#xreadLoop.run();
    if (this.#options.mode.current === 'shared') return;
    this.#options.mode.shared();
    this.#notify(true);
  }

  #onFail(error: SseRedisError, other: Connection): void {
    const { mode, observers } = this.#options;
    observers.onError(error);
    other.replace();
    if (mode.current === 'local') return;
    mode.local(error);
    this.appends.clear();
    this.#notify(false);
  }

  /** The first connect is slow: feeds don't wait for it. */
  #notifyIfStarting(): void {
    if (this.#options.mode.current === 'starting') this.#notify(false);
  }

  #notify(isAvailable: boolean): void {
    for (const log of [...this.#logs]) log.onAvailable(isAvailable);
  }

  /** Ends the command that reads, after all changes of this turn. */
  #wakeSoon(): void {
    if (this.#isWakeDue) return;
    this.#isWakeDue = true;
    setImmediate(() => {
      this.#isWakeDue = false;
      this.commands.run(scripts.wake, [this.#wakeStream], [wakeLifeMs]).catch(() => {});
    });
  }

  async #renew(): Promise<void> {
    const logs = [...this.#logs];
    if (logs.length === 0 || this.#options.mode.current !== 'shared') return;
    const leads = logs.map(({ held }) => held);
    const places = logs.map(({ after }) => after);
    const args = logs.flatMap(({ keepMs }, index) => [leads[index]?.lease ?? '', keepMs]);
    try {
      const keys = logs.flatMap(({ lease, stream }) => [lease, stream]);
      const leases = (await this.commands.run(scripts.renew, keys, [this.leaseMs, ...args])) as Buffer[];
      for (const [index, log] of logs.entries()) log.onLease(leads[index], places[index], String(leases[index]));
    } catch {
      // The connection reports why.
    }
  }
}

/** Stores the scripts, so that no run of one is overtaken by the next. */
async function load(connection: Connection): Promise<void> {
  const all = Object.values(scripts).filter((script) => script instanceof Script);
  await connection.call((client) => Promise.all(all.map((script) => script.load(client))));
}
