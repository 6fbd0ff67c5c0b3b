import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of a program, or undefined. Looks where Debian puts servers, too. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** What a program prints. */
export function says(path: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
  return `${stdout ?? ''}${stderr ?? ''}`;
}

/** A Python 3 that has all these modules, or undefined. Debian's own comes first: its packages belong to it. */
export function findPython(modules: readonly string[]): string | undefined {
  const found = ['/usr/bin/python3', findProgram('python3')].filter((path) => path !== undefined && existsSync(path));
  return found.find(
    (path) => spawnSync(String(path), ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0,
  );
}

/** The version of a Python module's package. */
export function pythonVersion(python: string, module: string): string {
  return says(python, '-c', `import importlib.metadata as m; print(m.version('${module}'))`).trim();
}

/** nginx, and nchan's module if it is installed. */
export function findNginx(): { path: string; nchanModule: string | undefined } | undefined {
  const path = findProgram('nginx');
  if (!path) return undefined;
  const modules = /--modules-path=(\S+)/.exec(says(path, '-V'))?.[1] ?? '/usr/lib/nginx/modules';
  const nchanModule = join(modules, 'ngx_nchan_module.so');
  return { path, nchanModule: existsSync(nchanModule) ? nchanModule : undefined };
}
