import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { alive } from './processes.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The command with which an example's `npm start` runs a script of this repository. */
export const node = (script: string) => [process.execPath, script] as const;

/** A running example, started like its `npm start`. */
export class Example {
  readonly process: ChildProcess;
  /** Its output so far. */
  stdout = '';
  stderr = '';
  /** Resolves with exit code and signal once it has ended and all its output was received. */
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;

  /** @param command runs in the repository, in a process group of its own, as in a terminal */
  constructor(command: readonly [file: string, ...args: string[]], env: Record<string, string>) {
    const [file, ...args] = command;
    this.process = spawn(file, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.process.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.process.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.ended = once(this.process, 'close') as Example['ended'];
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Resolves with the first line it prints; rejects if it ends without one. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.stdout.indexOf('\n');
      if (end !== -1) return this.stdout.slice(0, end);
      const over = await Promise.race([
        once(this.process.stdout!, 'data').then(() => false),
        this.ended.then(() => true),
      ]);
      if (over && !this.stdout.includes('\n')) throw new Error(`It ended without a line: ${this.stderr}`);
    }
  }

  /** Signals the whole group, as Ctrl-C in a terminal does. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** Ends it in any state, for after hooks. */
  async end(): Promise<void> {
    if (alive(this.pid)) this.process.kill('SIGTERM');
    await this.ended;
  }
}
