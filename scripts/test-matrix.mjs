// `npm run test:matrix`: runs the packages' tests on each Node that their `engines` allow, one after the other.
//   npm run test:matrix -- 24 --grep=R20    only on Node 24; arguments that start with `--` go to `npm test`
// Also loads sse-proxy on a Node that is too old and on Bun, both of which it refuses.
// The npm packages `node` and `bun` bring each version. Not part of `npm test`, which runs on the pinned Node.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executableOf } from './executables.mjs';
import { groups } from './testing/groups.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

/** The oldest one allowed, the newest 24, and the pinned one. */
const oldest = readJson('packages/sse-proxy/package.json').engines.node.replace('>=', '');
const versions = [oldest, '24', readJson('package.json').devDependencies.node];

/** What sse-proxy refuses to run on. */
const tooOld = [
  ['node', '20'],
  ['bun', '1'],
];

const testArguments = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const wanted = asked.length > 0 ? versions.filter((it) => asked.some((start) => it.startsWith(start))) : versions;
if (wanted.length === 0) {
  console.error(`test:matrix: expected one of ${versions.join(', ')}; got ${asked.join(', ')}`);
  process.exit(1);
}
const packageGroups = Object.keys(groups).filter((name) => groups[name].every((glob) => glob.startsWith('packages/')));

/** True if loading the built sse-proxy as a module, and by `require`, ends in a line that says what is needed. */
function refuses(executable) {
  const load = ["import('@datashop/sse-proxy')", "require('@datashop/sse-proxy')"];
  return load.every((code) => {
    const { status, stderr } = spawnSync(executable, ['-e', code], { cwd: root, encoding: 'utf8' });
    return status !== 0 && stderr.includes('@datashop/sse-proxy needs Node.js');
  });
}

const failed = [];
for (const version of wanted) {
  const node = executableOf('node', version);
  console.log(`\ntest:matrix: Node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`);
  const args = [join(root, 'scripts/test.mjs'), `--only=${packageGroups.join(',')}`, ...testArguments];
  if (spawnSync(node, args, { cwd: root, stdio: 'inherit' }).status !== 0) failed.push(version);
}
for (const [name, version] of asked.length > 0 ? [] : tooOld) {
  if (!refuses(executableOf(name, version))) failed.push(`${name} ${version}, which sse-proxy has to refuse`);
}
console.log(
  failed.length > 0 ? `test:matrix: failed on ${failed.join(', ')}` : `test:matrix: passed on ${wanted.join(', ')}`,
);
process.exit(failed.length > 0 ? 1 : 0);
