import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../support/free-ports.ts';

/** How to start a log service that serves `/logs/stream`. */
export interface ServiceSpec {
  readonly command: string;
  readonly args: (port: number) => string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
}

/** A log service in a process of its own that can be killed and restarted on its port. */
export class Service {
  /** URL of its stream. */
  readonly url: string;
  readonly origin: string;
  readonly #port: number;
  readonly #spec: ServiceSpec;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(spec: ServiceSpec, port: number) {
    this.#spec = spec;
    this.#port = port;
    this.origin = `http://127.0.0.1:${port}`;
    this.url = `${this.origin}/logs/stream`;
  }

  static async start(spec: ServiceSpec): Promise<Service> {
    const service = new Service(spec, await freePort());
    await service.start();
    return service;
  }

  /** Resolves once the port accepts connections. */
  async start(): Promise<void> {
    const { command, args, cwd } = this.#spec;
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PORT: `${this.#port}`, ...this.#spec.env };
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    // A process group of its own, because gunicorn's workers are processes, too.
    const child = spawn(command, args(this.#port), { cwd, env, stdio: [...stdio], detached: true });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.#output += chunk));
    this.#process = child;
    while (!(await this.#accepts())) {
      if (child.exitCode !== null) throw new Error(`${command} ended before it listened: ${this.#output}`);
      await setTimeout(20);
    }
  }

  /** SIGKILL; resolves when all its processes have ended. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    process.kill(-child.pid, 'SIGKILL');
    await closed;
  }

  async #accepts(): Promise<boolean> {
    const socket = connect(this.#port, '127.0.0.1');
    const accepted = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    return accepted;
  }
}
