import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../../packages/sse-proxy/test/support/until.ts';
import { findExecutable, installCommand } from '../../../scripts/needs.mjs';
import { freePorts } from '../../support/free-ports.ts';
import type { Kind, Site } from './kinds.ts';

/** One of the three load balancers, with the files of `examples/deploy`. */
export class Balancer {
  readonly #kind: Kind;
  readonly #folder: string;
  readonly #process: ChildProcess;
  #site: Site;

  private constructor(kind: Kind, folder: string, process: ChildProcess, site: Site) {
    this.#kind = kind;
    this.#folder = folder;
    this.#process = process;
    this.#site = site;
  }

  /** Resolves when it accepts connections. */
  static async start(kind: Kind, bffs: readonly number[], { silence = '45s' } = {}): Promise<Balancer> {
    const folder = await mkdtemp(join(tmpdir(), 'datashop-balancer-'));
    const [port, plainPort, adminPort] = await freePorts(3);
    const site = { ports: [port!], plainPort: plainPort!, adminPort: adminPort!, bffs, silence };
    await kind.write(folder, site);
    const balancer = new Balancer(kind, folder, await run(kind, folder, kind.args), site);
    await until(async () => {
      const { exitCode, signalCode } = balancer.#process;
      if (exitCode !== null || signalCode !== null) throw new Error(`${kind.name} ended: ${await balancer.output()}`);
      return accepts(port!);
    });
    return balancer;
  }

  get origin(): string {
    return `https://localhost:${this.#site.ports[0]}`;
  }

  /** Where it redirects from. */
  get plainOrigin(): string {
    return `http://localhost:${this.#site.plainPort}`;
  }

  /** Reloads its configuration, as after a change of the file. Resolves when new connections are served by it. */
  async reload(): Promise<void> {
    const { reload } = this.#kind;
    const [added] = await freePorts(1);
    this.#site = { ...this.#site, ports: [...this.#site.ports, added!] };
    await this.#kind.write(this.#folder, this.#site);
    if (typeof reload === 'string') this.#process.kill(reload);
    else await once(await run(this.#kind, this.#folder, reload(this.#site)), 'exit');
    await until(() => accepts(added!));
  }

  /** What it has written: its output, and its access log if that is a file. */
  async output(): Promise<string> {
    const files = ['output', 'error.log', 'access.log'].map((name) => join(this.#folder, name));
    return (await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))).join('');
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) {
      this.#process.kill(this.#kind.end);
      await once(this.#process, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function run(kind: Kind, folder: string, args: readonly string[]): Promise<ChildProcess> {
  const executable = findExecutable(kind.name);
  if (!executable) throw new Error(`${kind.name} is not installed: ${installCommand(kind.name)}`);
  const output = await open(join(folder, 'output'), 'a');
  try {
    // Caddy keeps its state in these folders.
    const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return spawn(executable, args, { cwd: folder, env, stdio: ['ignore', output.fd, output.fd] });
  } finally {
    await output.close();
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  const accepted = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return accepted;
}
