import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { findExecutable, installCommand } from '../../../../scripts/needs.mjs';
import { freePort } from '../../../../test/support/free-ports.ts';
import { until } from '../../../sse-proxy/test/support/until.ts';

/** A client for the test's own commands. */
export type TestClient = ReturnType<typeof createClient>;

/** A real redis-server of the test, on a port and in a directory of its own. It saves nothing. */
export class RedisServer {
  readonly port: number;
  readonly #directory: string;
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, directory: string, settings: readonly string[]) {
    this.port = port;
    this.#directory = directory;
    this.#settings = settings;
  }

  /**
   * Starts a server. Throws if Redis isn't installed.
   *
   * @param settings lines of redis.conf, such as `maxmemory 3mb`
   */
  static async start(...settings: string[]): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'sse-redis-'));
    const server = new RedisServer(await freePort(), directory, settings);
    await server.#spawn();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid as number;
  }

  /** Stops the process (SIGSTOP): connections stay, nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** Lets a stopped process go on (SIGCONT). */
  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Kills the process (SIGKILL). */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Starts the server again on the same port, after `kill()`. It has no data. */
  async restartEmpty(): Promise<void> {
    await this.kill();
    await rm(join(this.#directory, 'dump.rdb'), { force: true });
    await this.#spawn();
  }

  /** Starts the server again on the same port, after `kill()`. It has the data as of its last SAVE. */
  async restart(): Promise<void> {
    await this.#spawn();
  }

  /** Runs one command over a connection of its own. */
  async command(...args: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #spawn(): Promise<void> {
    const lines = [
      `port ${this.port}`,
      'bind 127.0.0.1',
      `dir ${this.#directory}`,
      'save ""',
      'appendonly no',
      ...this.#settings,
    ];
    const file = join(this.#directory, 'redis.conf');
    await writeFile(file, `${lines.join('\n')}\n`);
    this.#child = await spawnListening('redis-server', [file], this.port);
  }
}

/** Starts a program of Redis. Resolves when it accepts connections; throws if it ends before. */
export async function spawnListening(program: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const executable = findExecutable(program);
  if (!executable) throw new Error(`${program} is not installed: ${installCommand('sentinel')}`);
  const child = spawn(executable, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(-4_000);
    });
  }
  let accepts = false;
  await until(() => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${output}`);
    const probe = net.connect(port, '127.0.0.1', () => {
      accepts = true;
      probe.destroy();
    });
    probe.on('error', () => {});
    return accepts;
  });
  return child;
}
