// `npm run test:matrix`: runs the packages' tests on each Node that their `engines` allow, one after the other.
//   npm run test:matrix -- 24 --grep 'R20'    only on Node 24; arguments that start with `--` go to `npm test`
// The npm package `node` brings each version. Not part of `npm test`, which runs on the pinned one.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { groups } from './testing/groups.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, 'node_modules/.cache/nodes');
const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

/** The oldest one allowed, the newest 24, and the pinned one. */
const oldest = readJson('packages/sse-proxy/package.json').engines.node.replace('>=', '');
const versions = [oldest, '24', readJson('package.json').devDependencies.node];

const testArguments = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const wanted = asked.length > 0 ? versions.filter((it) => asked.some((start) => it.startsWith(start))) : versions;
if (wanted.length === 0) {
  console.error(`test:matrix: expected one of ${versions.join(', ')}; got ${asked.join(', ')}`);
  process.exit(1);
}
const packageGroups = Object.keys(groups).filter((name) => groups[name].every((glob) => glob.startsWith('packages/')));

/** Path of Node's executable of that version; installs it once. */
function nodeOf(version) {
  const folder = join(cache, version);
  const executable = join(folder, 'node_modules/node/bin/node');
  if (existsSync(executable)) return executable;
  console.log(`test:matrix: installing Node ${version}`);
  mkdirSync(folder, { recursive: true });
  // Its binary is put into place by an install script.
  const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit' });
  if (status === 0 && existsSync(executable)) return executable;
  console.error(`test:matrix: npm could not install node@${version}`);
  process.exit(1);
}

const failed = [];
for (const version of wanted) {
  const node = nodeOf(version);
  console.log(`\ntest:matrix: Node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`);
  const args = [join(root, 'scripts/test.mjs'), `--only=${packageGroups.join(',')}`, ...testArguments];
  if (spawnSync(node, args, { cwd: root, stdio: 'inherit' }).status !== 0) failed.push(version);
}
console.log(
  failed.length > 0 ? `test:matrix: failed on ${failed.join(', ')}` : `test:matrix: passed on ${wanted.join(', ')}`,
);
process.exit(failed.length > 0 ? 1 : 0);
