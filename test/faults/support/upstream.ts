import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from '../../scale/support/child.ts';
import type { UpstreamAnswers } from './upstream-process.ts';
import type { UpstreamSetUp } from './upstream-set-up.ts';

const script = new URL('./upstream-process.ts', import.meta.url).href;

/** An upstream process that can be killed, stopped and started again. Its log file stays. */
export class UpstreamServer {
  readonly #setUp: UpstreamSetUp;
  readonly #directory: string;
  #child: Child<UpstreamAnswers>;

  private constructor(setUp: UpstreamSetUp, directory: string, child: Child<UpstreamAnswers>) {
    this.#setUp = setUp;
    this.#directory = directory;
    this.#child = child;
  }

  static async start(options: Partial<Omit<UpstreamSetUp, 'log'>> = {}): Promise<UpstreamServer> {
    const directory = await mkdtemp(join(tmpdir(), 'sse-faults-'));
    const log = join(directory, 'log');
    const setUp = { port: 0, host: '127.0.0.1', backlog: 511, eventBytes: 100, ...options, log };
    const child = await launch(setUp);
    return new UpstreamServer({ ...setUp, port: child.port }, directory, child);
  }

  get port(): number {
    return this.#setUp.port;
  }

  get target(): string {
    return `http://127.0.0.1:${this.port}/logs/stream`;
  }

  /** Number of the newest event. */
  async newest(): Promise<number> {
    return (await this.ask('head')).head;
  }

  /** Sends `perSecond` events a second from now on. */
  run(perSecond: number): Promise<void> {
    return this.ask('run', perSecond);
  }

  /** See `answers` in upstream-process.ts. */
  get ask(): Child<UpstreamAnswers>['ask'] {
    return this.#child.ask;
  }

  /** Kills it with SIGKILL. */
  kill(): Promise<void> {
    return this.#child.stop();
  }

  /** Starts a new process on the same port with the same log, after the old one has ended. */
  async restart(host = this.#setUp.host): Promise<void> {
    this.#child = await launch({ ...this.#setUp, host });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#child.pid, signal);
  }

  async close(): Promise<void> {
    await this.#child.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function launch(setUp: UpstreamSetUp): Promise<Child<UpstreamAnswers>> {
  return startChild<UpstreamAnswers>(script, [JSON.stringify(setUp)]);
}

/** Connects to a stopped process until its backlog is full. Further connects hang. */
export async function fillBacklog(port: number, backlog: number): Promise<{ close(): void }> {
  const sockets = Array.from({ length: backlog + 1 }, () => net.connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.on('error', () => {});
  return { close: () => sockets.forEach((socket) => void socket.destroy()) };
}
