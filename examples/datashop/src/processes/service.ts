import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type ChildMessage, StartError } from './messages.ts';

/** A child that does not end by itself in this time is killed, so that Ctrl-C never hangs. */
const STOP_DEADLINE_MS = 5_000;

export interface ServiceSpec {
  name: string;
  /** Path of its script, relative to `src/`. */
  script: string;
  env: Record<string, string>;
}

/** One child process, from its start to its end. */
export class Service {
  readonly name: string;
  readonly #process: ChildProcess;
  /** Resolves when the process is gone, with what is to say about it. */
  readonly gone: Promise<string>;

  constructor({ name, script, env }: ServiceSpec) {
    this.name = name;
    this.#process = fork(fileURLToPath(new URL(`../${script}`, import.meta.url)), {
      env: { ...process.env, ...env },
      // stdout belongs to the one line that start.ts prints; whatever a child has to say goes to stderr.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    let failure: string | undefined;
    this.#process.on('message', (message: ChildMessage) => {
      if (message.type === 'failed') failure = message.message;
    });
    this.gone = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => resolve(failure ?? signal ?? `exit code ${code}`));
      this.#process.once('error', (error) => resolve(error.message));
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves with the port it listens on, 0 if it has none; rejects if it can't start. */
  async ready(): Promise<number> {
    const message = once(this.#process, 'message') as Promise<[ChildMessage]>;
    const gone = this.gone.then((how) => {
      throw new StartError(`${this.name} ended before it was ready (${how})`);
    });
    const [answer] = await Promise.race([message, gone]);
    if (answer.type === 'failed') throw new StartError(`${this.name}: ${answer.message}`, answer.code);
    return answer.port ?? 0;
  }

  async stop(): Promise<void> {
    if (this.#process.connected) this.#process.send('stop', () => {});
    const deadline = setTimeout(() => this.kill(), STOP_DEADLINE_MS);
    await this.gone;
    clearTimeout(deadline);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
