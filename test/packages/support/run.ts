import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path of the repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs a command. Resolves with its output; rejects with it if the command fails. */
export function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const shell = process.platform === 'win32' && command === 'npm';
    execFile(command, args, { cwd, shell, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout + stderr);
      reject(new Error(`${[command, ...args].join(' ')} failed (${error.code ?? error.signal}):\n${stdout}${stderr}`));
    });
  });
}

/** Runs a JavaScript file of a tool in node_modules. */
export function runTool(cwd: string, tool: string, ...args: string[]): Promise<string> {
  return run(cwd, process.execPath, join(root, 'node_modules', tool), ...args);
}
