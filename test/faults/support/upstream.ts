import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from '../../scale/support/child.ts';
import type { UpstreamAnswers } from './upstream-process.ts';

/** How an upstream process is started. */
export interface UpstreamSetUp {
  readonly log: string;
  readonly port: number;
  readonly host: string;
  readonly backlog: number;
  readonly eventBytes: number;
}

/** How the upstream misbehaves. */
export interface UpstreamSwitches {
  /** Sends all events to every connection. */
  ignoreLastEventId?: boolean;
  noIds?: boolean;
  /** Gives the same id to so many successive events, and resumes at the first event with that id (`>=`). */
  eventsPerId?: number;
  /** Sends the headers together with the first event. */
  lateHead?: boolean;
  /** Every so many events one has `bytes`. */
  large?: { every: number; bytes: number };
  /** Refuses requests whose Authorization isn't this, with 401. */
  token?: string;
  /** Sent as `retry:` at the start of each stream. */
  retryMs?: number;
  /** Responses to the next requests, one each. */
  answers?: { status: number; headers?: Record<string, string> }[];
  /** Response to every request. */
  answer?: { status: number; headers?: Record<string, string> } | undefined;
}

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
