import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogDocument, SqliteLogStore } from '@datashop/log-stream';
import { workflows } from '../../../examples/datashop/src/demo.ts';
import { startServices } from '../../../examples/datashop/src/fleet/services.ts';
import { Supervisor } from '../../../examples/datashop/src/processes/supervisor.ts';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { findExecutable } from '../../../scripts/needs.mjs';

/** Datashop's log service and three BFFs, which are started again when they end. The test writes the logs. */
export class Datashop {
  /** Ports of the BFFs. */
  readonly bffs: readonly number[];
  /** Number of the log that was written last. */
  written = 0;
  readonly #data: string;
  readonly #supervisor: Supervisor;
  readonly #store: SqliteLogStore;

  private constructor(data: string, supervisor: Supervisor, store: SqliteLogStore, bffs: readonly number[]) {
    this.#data = data;
    this.#supervisor = supervisor;
    this.#store = store;
    this.bffs = bffs;
  }

  /** @param env added to the environment of all processes */
  static async start(env: Record<string, string>): Promise<Datashop> {
    const data = await mkdtemp(join(tmpdir(), 'datashop-balancers-'));
    const log = { DATASHOP_DATA: data, LOG_STORE: join(data, 'logs.sqlite') };
    const supervisor = new Supervisor({ print: () => {}, lost: (line) => console.error(line) });
    const redisServer = findExecutable('redis-server')!;
    const token = randomBytes(32).toString('base64url');
    const bffs = await startServices({ supervisor, data, log: { ...log, ...env }, token, redisServer });
    return new Datashop(data, supervisor, new SqliteLogStore({ path: log.LOG_STORE }), bffs);
  }

  /** Writes the next log, whose message is its number. */
  async write(): Promise<void> {
    this.written += 1;
    const run = { ...workflows.movies, pipelineID: 'p', execID: 'e', logLevel: 'INFO', stageName: 'LOAD' } as const;
    await this.#store.append([createLogDocument({ ...run, message: String(this.written) })]);
  }

  /** The process that serves the stream which was opened last. */
  async servingProcess(): Promise<number> {
    const { INSTANCE } = await until(async () => {
      const lines = (await readFile(join(this.#data, 'access.log'), 'utf8')).split('\n').slice(0, -1);
      const line = lines.findLast((it) => it.includes('SSE connection established'));
      return line ? { INSTANCE: JSON.parse(line).instance as string } : false;
    });
    return this.#supervisor.pids()[INSTANCE]!;
  }

  async end(): Promise<void> {
    await this.#supervisor.stop();
    await this.#store.close();
    await rm(this.#data, { recursive: true, force: true });
  }
}
