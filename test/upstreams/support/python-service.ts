import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pythonWithServers } from '../../../scripts/needs.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));

export type Framework = 'FastAPI' | 'Flask';

const commands: Record<Framework, (port: number) => string[]> = {
  FastAPI: (port) => ['-m', 'uvicorn', 'fastapi_logs:app', '--port', `${port}`, '--log-level', 'warning'],
  // One worker, because each has its own counter; a thread for each stream.
  Flask: (port) => [
    ...['-m', 'gunicorn', 'flask_logs:app', '--bind', `127.0.0.1:${port}`, '--workers', '1'],
    ...['--worker-class', 'gthread', '--threads', '64', '--log-level', 'warning'],
  ],
};

/** A log service in Python that can be killed and restarted on its port. */
export class PythonService {
  readonly url: string;
  readonly #port: number;
  readonly #framework: Framework;
  readonly #env: Record<string, string>;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(framework: Framework, port: number, env: Record<string, string>) {
    this.#framework = framework;
    this.#port = port;
    this.#env = env;
    this.url = `http://127.0.0.1:${port}/logs/stream`;
  }

  /** @param env `LOG_FILE` and `IDS`, see log_feed.py */
  static async start(framework: Framework, env: Record<string, string>): Promise<PythonService> {
    const service = new PythonService(framework, await freePort(), env);
    await service.start();
    return service;
  }

  /** Resolves once the port accepts connections. */
  async start(): Promise<void> {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...this.#env };
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    // A process group of its own, because gunicorn's worker is a process, too.
    const child = spawn(pythonWithServers() ?? 'python3', commands[this.#framework](this.#port), {
      cwd: folder,
      env,
      stdio: [...stdio],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.#output += chunk));
    this.#process = child;
    while (!(await this.#accepts())) {
      if (child.exitCode !== null) throw new Error(`${this.#framework} ended before it listened: ${this.#output}`);
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
