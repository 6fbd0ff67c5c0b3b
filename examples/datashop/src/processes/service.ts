import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ChildMessage, type Ports, StartError } from './messages.ts';

/** Milliseconds until a child that does not stop is killed, so that Ctrl-C never hangs. */
const stopDeadlineMs = 5_000;

export interface ServiceSpec {
  name: string;
  /** Path of its script, relative to `src/`. */
  script: string;
  env: Record<string, string>;
}

/** One child process. */
export class Service {
  readonly name: string;
  readonly #process: ChildProcess;
  /** Resolves when the process has ended, with the reason in words. */
  readonly ended: Promise<string>;

  constructor({ name, script, env }: ServiceSpec) {
    this.name = name;
    this.#process = fork(fileURLToPath(new URL(`../${script}`, import.meta.url)), {
      env: { ...process.env, ...env },
      // stdout carries only the line that start.ts prints; a child's output goes to stderr.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
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
    const message = once(this.#process, 'message') as Promise<[ChildMessage]>;
    const ended = this.ended.then((how) => {
      throw new StartError(`${this.name} ended before it was ready (${how})`);
    });
    const [answer] = await Promise.race([message, ended]);
    if (answer.type === 'failed') throw new StartError(`${this.name}: ${answer.message}`, answer.code);
    const { type: _, ...ports } = answer;
    return ports;
  }

  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.send('stop', () => {});
    const deadline = setTimeout(() => this.kill(), stopDeadlineMs);
    await this.ended;
    clearTimeout(deadline);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
