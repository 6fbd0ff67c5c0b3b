import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's package of each program that the fleet needs. */
const packages = { 'redis-server': 'redis-server', nginx: 'nginx' } as const;

export type ProgramName = keyof typeof packages;

/**
 * Paths of the programs that a fleet needs.
 *
 * @throws Error that names those which are missing and the command that installs them
 */
export function findPrograms(): Record<ProgramName, string> {
  const names = Object.keys(packages) as ProgramName[];
  const found = names.map((name) => [name, pathOf(name)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) {
    const command =
      process.platform === 'darwin'
        ? `brew install ${missing.map((name) => name.replace('-server', '')).join(' ')}`
        : `sudo apt-get install -y ${missing.map((name) => packages[name]).join(' ')}`;
    throw new Error(`start:fleet needs ${missing.join(' and ')}: ${command}\n`.trim());
  }
  return Object.fromEntries(found) as Record<ProgramName, string>;
}

/** Looks where Debian puts servers, too: a user's PATH lacks those folders. */
function pathOf(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
