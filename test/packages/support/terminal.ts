import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A command that runs as in a terminal, with what it has printed. */
export interface Terminal {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Ctrl-C. Resolves when the command has ended. */
  end(): Promise<void>;
}

/** Runs a command of a page; npx runs the program of a package that is installed in the folder. */
export function openTerminal(command: string, cwd: string, env: NodeJS.ProcessEnv = process.env): Terminal {
  const [executable = '', ...args] = command.split(' ');
  const child = spawn(executable, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text) => {
      printed[name] += text;
    });
  const exit = once(child, 'exit');
  return {
    child,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    async end() {
      // The terminal sends Ctrl-C to npx and to what it runs.
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGINT');
      await exit;
    },
  };
}
