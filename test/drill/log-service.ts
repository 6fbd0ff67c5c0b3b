import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FleetUpstream } from '../scale/fleet/fleet.ts';
import { type Child, startChild } from '../scale/support/child.ts';
import type { Database } from './database.ts';
import type { PipelineAnswers } from './pipeline-process.ts';
import { type PipelineSetUp, workflow } from './pipeline-set-up.ts';

/** This checkout. */
const checkout = fileURLToPath(new URL('../../', import.meta.url));
const pipelineScript = new URL('./pipeline-process.ts', import.meta.url).href;

/** The upstream of a drill: a database, the log service (the program `log-stream`), and a pipeline that writes logs. */
export class LogService<Store extends Database = Database> implements FleetUpstream {
  readonly database: Store;
  readonly #folder: string;
  #pipeline: Child<PipelineAnswers> | undefined;
  #process: ChildProcess | undefined;
  #origin = '';
  #newest = 0;
  #perSecond = 0;

  private constructor(folder: string, database: Store) {
    this.#folder = folder;
    this.database = database;
  }

  /** @param open gets a new folder for its files */
  static async start<Store extends Database>(open: (folder: string) => Promise<Store>): Promise<LogService<Store>> {
    const folder = await mkdtemp(join(tmpdir(), 'sse-drill-'));
    const service = new LogService(folder, await open(folder));
    await service.restart();
    await service.#startPipeline();
    return service;
  }

  get target(): string {
    const { workspaceID, workflowID } = workflow;
    return `${this.#origin}/wfm/workflow/workspace/${workspaceID}/workflow/${workflowID}/logs/stream`;
  }

  /** The numbered text in an event's data. */
  static textOf(data: string): string {
    return JSON.parse(data).message;
  }

  async newest(): Promise<number> {
    if (this.#pipeline) this.#newest = await this.#pipeline.ask('newest');
    return this.#newest;
  }

  async run(perSecond: number): Promise<void> {
    this.#perSecond = perSecond;
    await this.#pipeline?.ask('run', perSecond);
  }

  /** Lets the pipeline finish what it is writing, and ends it. */
  async stopPipeline(): Promise<void> {
    if (!this.#pipeline) return;
    this.#newest = await this.#pipeline.ask('hold');
    await this.#pipeline.stop();
    this.#pipeline = undefined;
  }

  /** Starts the pipeline after `stopPipeline()`. It goes on with the next number. */
  async resumePipeline(): Promise<void> {
    await this.#startPipeline();
    await this.run(this.#perSecond);
  }

  /** Kills the log service (SIGKILL). */
  async kill(): Promise<void> {
    const process = this.#process;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const gone = once(process, 'exit');
    process.kill('SIGKILL');
    await gone;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal);
  }

  /**
   * Starts the log service, after `kill()` on the same port. Resolves when it listens.
   *
   * @param from folder of the checkout whose program it is. @defaultValue this one
   */
  async restart(from = checkout): Promise<void> {
    const program = join(from, 'packages/log-stream/dist/program/main.js');
    const port = this.#origin === '' ? '0' : new URL(this.#origin).port;
    const { PATH = '' } = process.env;
    const env = { PATH, PORT: port, ...this.database.env };
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let output = '';
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      output += chunk;
      const [, origin] = /"event":"listening","url":"([^"]+)"/.exec(output) ?? [];
      if (origin === undefined) continue;
      this.#origin = origin;
      child.stdout.resume();
      return;
    }
    throw new Error(`the log service ended before it listened: ${output}`);
  }

  async close(): Promise<void> {
    await this.#pipeline?.stop();
    await this.kill();
    await this.database.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startPipeline(): Promise<void> {
    const setUp: PipelineSetUp = { newest: this.#newest, ...this.database.access };
    this.#pipeline = await startChild<PipelineAnswers>(pipelineScript, [JSON.stringify(setUp)]);
  }
}
