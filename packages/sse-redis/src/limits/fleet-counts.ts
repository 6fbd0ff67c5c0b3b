import { randomUUID } from 'node:crypto';
import type { LimitRefusal } from '@datashop/sse-proxy';
import { Connection } from '../connection/connection.ts';
import type { Mode } from '../connection/mode.ts';
import type { Observers } from '../connection/observers.ts';
import type { Script } from '../connection/script.ts';
import type { SseRedisError } from '../errors.ts';
import type { RedisAddress } from '../types.ts';
import type { Counter } from './counters.ts';
import { Holdings } from './holdings.ts';
import { acquire, adjust, leave, refusedKinds, register, renew, scripts, verdicts } from './scripts.ts';

export interface FleetCountsOptions {
  readonly address: RedisAddress;
  /** Precedes all keys of this limiter. */
  readonly prefix: string;
  readonly commandTimeoutMs: number;
  readonly leaseMs: number;
  readonly total: number;
  readonly mode: Mode;
  readonly observers: Observers;
}

/** Renewals per lease: two may be lost. */
const renewalsPerLease = 4;

/**
 * Counts the streams of this process, and admits streams by the counts of all processes, which are in Redis. What a
 * process holds is bound to its lease, which is renewed by one command; without renewals Redis forgets all of it at
 * once. Each connection registers with a random value that its commands carry: a command that Redis executes late, for
 * an earlier connection, has no effect.
 */
export class FleetCounts {
  readonly #options: FleetCountsOptions;
  readonly #holdings = new Holdings();
  readonly #connection: Connection;
  readonly #renewal: NodeJS.Timeout;
  /** Resolves when the first attempt to connect is over. */
  readonly #started = Promise.withResolvers<void>();
  readonly #instance = randomUUID();
  /** The random value of the current registration. */
  #registration = '';
  #registering: Promise<void> | undefined;
  #flush: NodeJS.Immediate | undefined;

  constructor(options: FleetCountsOptions) {
    this.#options = options;
    const { address, commandTimeoutMs, leaseMs, mode, observers } = options;
    this.#connection = new Connection({
      address,
      commandTimeoutMs,
      onConnect: async () => {
        await this.#connection.call((client) => Promise.all(scripts.map((script) => script.load(client))));
        await this.#register();
      },
      onReady: () => {
        mode.shared();
        this.#started.resolve();
        this.#sendChanges();
      },
      onCommand: (durationMs) => observers.onCommand(durationMs),
      onFail: (error: SseRedisError) => {
        observers.onError(error);
        mode.local(error);
        this.#started.resolve();
      },
    });
    setTimeout(this.#started.resolve, commandTimeoutMs).unref();
    this.#renewal = setInterval(() => void this.#renew(), leaseMs / renewalsPerLease);
    this.#renewal.unref();
  }

  /** Open streams of this process. */
  get open(): number {
    return this.#holdings.total;
  }

  /**
   * Requests a place for a stream from Redis. Undefined: granted, and counted. `'local'`: Redis can't be used, and the
   * caller decides alone. Never rejects.
   */
  async acquire(counters: readonly Counter[]): Promise<LimitRefusal | 'local' | undefined> {
    await this.#started.promise;
    const bounds = counters.flatMap(({ id, rule }) => {
      return [id, rule.max ?? 0, rule.opensPerMinute ?? 0, rule.opensPerHour ?? 0];
    });
    try {
      // After a lease was lost, the second attempt follows the registration.
      for (const _ of [1, 2]) {
        await this.#registering;
        if (!this.#connection.isReady) return 'local';
        this.#sendChanges();
        const reply = (await this.#run(acquire, [this.#options.total, ...bounds])) as number[];
        if (reply[0] === verdicts.granted) {
          this.#holdings.enterCounted(counters);
          return undefined;
        }
        if (reply[0] !== verdicts.unregistered) return refusalOf(reply, counters);
        await this.#registerAgain();
      }
    } catch {
      // The connection has changed the mode.
    }
    return 'local';
  }

  /** Counts a stream that the caller has admitted alone. */
  enterLocally(counters: readonly Counter[]): void {
    this.#holdings.enter(counters);
    this.#sendSoon();
  }

  /** A stream has ended. */
  leave(counters: readonly Counter[]): void {
    this.#holdings.leave(counters);
    this.#sendSoon();
  }

  /** Ends the lease and the connection. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    clearImmediate(this.#flush);
    try {
      if (this.#connection.isReady) await this.#run(leave, []);
    } catch {
      // The lease expires.
    }
    this.#connection.close();
  }

  #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const { prefix, leaseMs } = this.#options;
    const all = [prefix, this.#instance, this.#registration, leaseMs, ...args];
    return this.#connection.call((client) => script.run(client, [], all));
  }

  async #register(): Promise<void> {
    this.#registration = randomUUID();
    await this.#run(register, this.#holdings.takeAll());
  }

  /** Registers after a lost lease. The same connection serves: commands are executed in the order of sending. */
  #registerAgain(): Promise<void> {
    if (this.#registering) return this.#registering;
    this.#options.observers.onLeaseLost();
    this.#registering = this.#register().finally(() => {
      this.#registering = undefined;
      this.#sendChanges();
    });
    return this.#registering;
  }

  async #renew(): Promise<void> {
    if (this.#connection.isReady && !this.#registering) await this.#runOrRegister(renew, []);
  }

  async #runOrRegister(script: Script, args: readonly (string | number)[]): Promise<void> {
    try {
      if ((await this.#run(script, args)) === 0) await this.#registerAgain();
    } catch {
      // The connection has changed the mode; the next one registers.
    }
  }

  /** Changes of one turn of the event loop are sent together. */
  #sendSoon(): void {
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined;
      this.#sendChanges();
    });
  }

  /** Without a lease, the next registration includes the changes. */
  #sendChanges(): void {
    if (!this.#connection.isReady || this.#registering || !this.#holdings.hasChanges) return;
    void this.#runOrRegister(adjust, this.#holdings.takeChanges());
  }
}

function refusalOf([verdict, place = 0, kind = 0, waitMs = 0]: number[], counters: readonly Counter[]): LimitRefusal {
  if (verdict === verdicts.total) return { ok: false, rule: 'total', kind: 'total' };
  const rule = counters[place - 1]?.rule.name ?? '';
  return { ok: false, rule, kind: refusedKinds[kind] ?? 'max', ...(waitMs > 0 && { retryAfterMs: waitMs }) };
}
