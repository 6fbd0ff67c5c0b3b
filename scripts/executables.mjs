// Executables of other runtimes and versions: the npm packages `node`, `bun` and `deno` bring them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = join(dirname(fileURLToPath(import.meta.url)), '../node_modules/.cache/nodes');

/**
 * Path of the executable that `name@version` of npm brings; installs it once.
 * @param {'node' | 'bun' | 'deno'} name
 * @param {string} version
 * @throws {Error} if npm can't install it
 */
export function executableOf(name, version) {
  const folder = join(cache, `${name}-${version}`);
  const executable = join(folder, 'node_modules/.bin', name);
  if (existsSync(executable)) return executable;
  console.log(`installing ${name} ${version}`);
  mkdirSync(folder, { recursive: true });
  // An install script puts the binary into place.
  const manifest = { private: true, dependencies: { [name]: version }, allowScripts: { [name]: true } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit' });
  if (status === 0 && existsSync(executable)) return executable;
  throw new Error(`npm could not install ${name}@${version}`);
}
