import { setTimeout as delay } from 'node:timers/promises';
import type { Document } from 'mongodb';
import type { MongoLogStoreOptions } from '../../src/stores/mongo/index.ts';
import type { ScriptedMongo } from '../mongo-server/server.ts';
import { idAt, mongoServer, mongoStore, namespace, pymodm } from './mongo.ts';
import { ReturningReader } from './returning-reader.ts';
import { eventually, log, logsPath, type Service, service, stopService } from './service.ts';

/** One step of an attack. `ms` is the age of the ids, the length of a pause or of a delay; `who` names a reader. */
export interface Step {
  readonly kind: keyof typeof steps;
  readonly count: number;
  readonly ms: number;
  readonly who: number;
}

const everywhere = ['find', 'aggregate', 'getMore'];
/** Time exceeded, stepped down, shut down, host unreachable, cursor not found, and a code that does not exist. */
const errorCodes = [50, 189, 91, 6, 43, 9_999];

/** A log service over a scripted server, with readers that come back, while everything around them fails. */
export class Attack {
  readonly server: ScriptedMongo;
  readonly readers: ReturningReader[] = [];
  /** Messages of the logs in the order of their insertion. */
  readonly inserted: string[] = [];
  readonly #options: Partial<MongoLogStoreOptions>;
  /** As many as the log service has processes: a reader comes back to any of them. */
  readonly #services: Service[];
  #visits = 0;

  private constructor(server: ScriptedMongo, services: Service[], options: Partial<MongoLogStoreOptions>) {
    this.server = server;
    this.#services = services;
    this.#options = options;
  }

  static async start(replicaSet: string | false, options: Partial<MongoLogStoreOptions> = {}): Promise<Attack> {
    const server = await mongoServer({ replicaSet, recordCommands: false });
    const services = await Promise.all([1, 2].map(() => serviceOf(server, options)));
    const attack = new Attack(server, services, options);
    await Promise.all([attack.join(), attack.join()]);
    return attack;
  }

  async step({ kind, ...step }: Step): Promise<void> {
    await steps[kind](this, step);
  }

  async insert(count: number, newId: () => Document['_id'] | undefined): Promise<void> {
    const first = this.inserted.length;
    const messages = Array.from({ length: count }, (_, i) => `m${first + i}`);
    this.inserted.push(...messages);
    await this.server.insert(
      namespace,
      messages.map((message) => pymodm(log(message), newId())),
    );
  }

  /** Another reader opens a stream. */
  async join(): Promise<void> {
    const urlOf = () => `${this.#services[this.#visits++ % this.#services.length]?.url}${logsPath}/stream`;
    const reader = new ReturningReader(urlOf);
    this.readers.push(reader);
    await reader.opened;
    reader.first ??= this.inserted.length;
  }

  async restartService(which: number): Promise<void> {
    const index = which % this.#services.length;
    const [service] = this.#services.splice(index, 1);
    if (service) await stopService(service);
    this.#services.push(await serviceOf(this.server, this.#options));
  }

  /**
   * Ends all failures, and resolves when every reader has every log that was inserted after it had opened its stream.
   */
  async settle(): Promise<void> {
    this.server.heal();
    this.server.stepUp();
    await this.insert(1, () => undefined);
    await eventually(() => this.readers.every((reader) => this.missing(reader).length === 0));
  }

  missing({ first = 0, received }: ReturningReader): string[] {
    return this.inserted.slice(first).filter((message) => !received.has(message));
  }

  async close(): Promise<void> {
    for (const reader of this.readers) reader.leave();
  }
}

function serviceOf(server: ScriptedMongo, options: Partial<MongoLogStoreOptions>): Promise<Service> {
  const store = mongoStore(server, { lateEveryMs: 500, ...options });
  return service({ store, demoRoute: false, retryMs: false });
}

type Action = (attack: Attack, step: Omit<Step, 'kind'>) => unknown;

/** What happens, by name. */
export const steps = {
  write: (attack, { count }) => attack.insert(count, () => undefined),
  late: (attack, { count, ms }) => attack.insert(count, () => idAt(Date.now() - 4 * ms)),
  unordered: (attack, { count }) => attack.insert(count, () => idAt(Date.now())),
  pause: (_attack, { ms }) => delay(ms),
  cut: ({ readers }, { who }) => readers[who % readers.length]?.cut(),
  join: (attack) => attack.join(),
  disconnect: ({ server }) => server.disconnect(),
  stepDown: async ({ server }, { ms }) => {
    server.stepDown();
    server.disconnect();
    await delay(ms / 4);
    server.stepUp();
  },
  loseHistory: ({ server }) => server.loseHistory(),
  killCursors: ({ server }) => server.killCursors(),
  slow: ({ server }, { count, ms }) =>
    server.fail({ failCommands: everywhere, blockConnection: true, blockTimeMS: ms }, count),
  close: ({ server }, { count }) => server.fail({ failCommands: everywhere, closeConnection: true }, count),
  loseReply: ({ server }, { count }) => server.fail({ failCommands: everywhere, loseReply: true }, count),
  fail: ({ server }, { count, who }) =>
    server.fail({ failCommands: everywhere, errorCode: errorCodes[who % errorCodes.length] ?? 50 }, count),
  restartServer: ({ server }) => server.restart(),
  restartService: (attack, { who }) => attack.restartService(who),
  freeze: async ({ server }, { ms }) => {
    server.pause();
    await delay(ms);
    server.resume();
  },
} satisfies Record<string, Action>;
