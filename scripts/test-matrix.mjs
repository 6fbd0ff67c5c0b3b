// `npm run test:matrix`: runs the packages' tests on each Node that their `engines` allow, one after the other.
//   npm run test:matrix -- 24 --grep=R20    only on Node 24; arguments that start with `--` go to `npm test`
// Also loads the packages on a Node that is too old, and sse-proxy and what needs it on Bun: they refuse both.
// The npm packages `node` and `bun` bring each version. Not part of `npm test`, which runs on the pinned Node.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executableOf } from './executables.mjs';
import { groups } from './testing/groups.mjs';
import { checkedEntries, wrongRefusal } from './testing/refusal.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const readJson = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'));

/** The oldest one allowed, the newest 24, and the pinned one. */
const oldest = readJson('packages/sse-proxy/package.json').engines.node.replace('>=', '');
const versions = [oldest, '24', readJson('package.json').devDependencies.node];

/** Runtimes that refuse to load something, and what. */
const refused = [
  ['node', '20', checkedEntries()],
  ['bun', '1', ['@datashop/sse-proxy', '@datashop/sse-redis']],
];

const testArguments = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const wanted = asked.length > 0 ? versions.filter((it) => asked.some((start) => it.startsWith(start))) : versions;
if (wanted.length === 0) {
  console.error(`test:matrix: expected one of ${versions.join(', ')}; got ${asked.join(', ')}`);
  process.exit(1);
}
const packageGroups = Object.keys(groups).filter((name) => groups[name].every((glob) => glob.startsWith('packages/')));

const failed = [];
for (const version of wanted) {
  const node = executableOf('node', version);
  console.log(`\ntest:matrix: Node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}`);
  const args = [join(root, 'scripts/test.mjs'), `--only=${packageGroups.join(',')}`, ...testArguments];
  if (spawnSync(node, args, { cwd: root, stdio: 'inherit' }).status !== 0) failed.push(version);
}
for (const [name, version, entries] of asked.length > 0 ? [] : refused) {
  for (const entry of entries) {
    const wrong = wrongRefusal(executableOf(name, version), entry);
    if (wrong === undefined) continue;
    failed.push(`${name} ${version}, which ${entry} has to refuse in one line`);
    console.log(wrong);
  }
}
console.log(
  failed.length > 0 ? `test:matrix: failed on ${failed.join(', ')}` : `test:matrix: passed on ${wanted.join(', ')}`,
);
process.exit(failed.length > 0 ? 1 : 0);
