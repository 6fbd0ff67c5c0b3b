import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Path of a program, or undefined. Looks where Debian puts servers, too. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** The version that a program prints. */
export function says(path: string, flag: string): string {
  const { stdout, stderr } = spawnSync(path, [flag], { encoding: 'utf8' });
  return `${stdout ?? ''}${stderr ?? ''}`;
}

/** nginx, and nchan's module if it is installed. */
export function findNginx(): { path: string; nchanModule: string | undefined } | undefined {
  const path = findProgram('nginx');
  if (!path) return undefined;
  const modules = /--modules-path=(\S+)/.exec(says(path, '-V'))?.[1] ?? '/usr/lib/nginx/modules';
  const nchanModule = join(modules, 'ngx_nchan_module.so');
  return { path, nchanModule: existsSync(nchanModule) ? nchanModule : undefined };
}
