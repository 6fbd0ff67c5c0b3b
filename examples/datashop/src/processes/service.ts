import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ChildMessage, type Ports, StartError } from './messages.ts';

/** Milliseconds until a child that does not stop is killed, so that Ctrl-C never hangs. */
const stopDeadlineMs = 5_000;
/** Milliseconds between two checks whether a program listens. */
const pollMs = 50;

/** A script of the example, which reports its ports, or another program, whose port is known. */
export type ServiceSpec = {
  name: string;
  env: Record<string, string>;
} & (
  | {
      /** Path of its script, relative to `src/`. */
      script: string;
    }
  | {
      /** Path of the program, and its arguments. */
      command: readonly [file: string, ...args: string[]];
      /** Port on which it accepts connections when it is ready. */
      port: number;
    }
);

/** One child process. */
export class Service {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #port: number | undefined;
  /** Resolves when the process has ended, with the reason in words. */
  readonly ended: Promise<string>;

  constructor(spec: ServiceSpec) {
    this.name = spec.name;
    this.#port = 'port' in spec ? spec.port : undefined;
    this.#process = run(spec);
    let failure: string | undefined;
    this.#process.on('message', (message: ChildMessage) => {
      if (message.type === 'failed') failure = message.message;
    });
    this.ended = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => resolve(failure ?? signal ?? `exit code ${code}`));
      this.#process.once('error', (error) => resolve(error.message));
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves with the ports that it listens on; rejects if it can't start. */
  async ready(): Promise<Ports> {
    const ended = this.ended.then((how) => {
      throw new StartError(`${this.name} ended before it was ready (${how})`);
    });
    if (this.#port !== undefined) {
      await Promise.race([accepts(this.#port), ended]);
      return { port: this.#port };
    }
    const message = once(this.#process, 'message') as Promise<[ChildMessage]>;
    const [answer] = await Promise.race([message, ended]);
    if (answer.type === 'failed') throw new StartError(`${this.name}: ${answer.message}`, answer.code);
    const { type: _, ...ports } = answer;
    return ports;
  }

  async stop(): Promise<void> {
    if (this.#port !== undefined) this.#process.kill('SIGTERM');
    else if (this.#process.connected) this.#process.send('stop', () => {});
    const deadline = setTimeout(() => this.kill(), stopDeadlineMs);
    await this.ended;
    clearTimeout(deadline);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

function run(spec: ServiceSpec): ChildProcess {
  const env = { ...process.env, ...spec.env };
  // stdout carries only the line that start.ts prints; a child's output goes to stderr.
  if ('script' in spec) {
    return fork(fileURLToPath(new URL(`../${spec.script}`, import.meta.url)), { env, stdio: ['ignore', 2, 2, 'ipc'] });
  }
  const [file, ...args] = spec.command;
  return spawn(file, args, { env, stdio: ['ignore', 2, 2] });
}

/** Resolves when a connection to the port is accepted. */
async function accepts(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await sleep(pollMs);
  }
}
