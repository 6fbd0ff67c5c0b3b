// `npm test`: runs all tests, several groups (testing/groups.mjs) side by side, since most of a test's time is waiting.
// Prints a group's output when the group is done, and failures and skips again at the end.
//   --only=faults,bench   only these groups
//   --all                 also the slow groups; so does CI=true
//   --files               also prints the time that each file took
// All other arguments go to mocha, for instance --grep 'R20'.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installEach, mayInstall } from './debian.mjs';
import { isThere, needs } from './needs.mjs';
import { filesByGroup, slowGroups } from './testing/groups.mjs';
import { neededBy } from './testing/needed.mjs';
import { readResults } from './testing/results.mjs';
import { seconds, summarize } from './testing/summary.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const progressMs = 30_000;

const ownOption = /^--(only=.*|all|files)$/;
const ownArguments = process.argv.slice(2).filter((argument) => ownOption.test(argument));
const mochaArguments = process.argv.slice(2).filter((argument) => !ownOption.test(argument));
const only = ownArguments.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);

const available = filesByGroup(root);
const asked = only?.split(',');
/**
 * `faults` means the group of that name, and those that are parts of it, such as "faults: upstream" or "faults a-k".
 */
const belongs = (group, name) =>
  group === name || (group.startsWith(name) && /^(: .*| .-.)$/.test(group.slice(name.length)));
const isCi = process.env.CI === 'true';
const isComplete = isCi || ownArguments.includes('--all');
// Someone waits for a short run. A complete one has time, and the tests in it that measure durations get more of a
// core.
const workers = isComplete ? Math.min(4, availableParallelism() + 2) : Math.min(6, availableParallelism() + 4);
const isWanted = (group) => asked?.some((name) => belongs(group, name)) ?? (isComplete || !slowGroups.has(group));
const wanted = [...available.keys()].filter(isWanted);
const left = asked ? [] : [...available.keys()].filter((group) => !isWanted(group));
const unknown = (asked ?? []).filter((name) => ![...available.keys()].some((group) => belongs(group, name)));
if (unknown.length > 0) {
  console.error(`test: --only: expected ${[...available.keys()].join(', ')}; got ${unknown.join(', ')}`);
  process.exit(1);
}

/** Groups that wait for a worker, run, or are done. */
const groups = wanted
  .map((name) => ({ name, files: available.get(name) ?? [] }))
  .filter(({ files }) => files.length > 0);

/**
 * Installs what the tests of these groups need, where that is allowed. Tests whose need stays unmet skip themselves.
 */
function installNeeds() {
  if (!mayInstall()) return;
  const missing = neededBy(
    root,
    groups.flatMap(({ files }) => files),
  ).filter((name) => !isThere(name));
  if (missing.length === 0) return;
  const packagesOf = Object.fromEntries(missing.map((name) => [name, needs[name].debian]));
  const packages = new Set(Object.values(packagesOf).flat());
  console.log(`test: installing ${missing.join(' and ')} (apt-get install ${[...packages].join(' ')})`);
  for (const [name, problem] of installEach(packagesOf)) {
    console.log(`test: ${name} could not be installed, so the tests that need it are skipped: ${problem}`);
  }
}

async function run(group, folder) {
  const file = join(folder, `${group.name.replaceAll(/\W+/g, '-')}.jsonl`);
  const reporter = join(root, 'scripts/testing/reporter.mjs');
  const mocha = [join(root, 'node_modules/mocha/bin/mocha.js'), '--reporter', reporter];
  group.startedAt = performance.now();
  group.results = () => readResults(file);
  const child = spawn(process.execPath, [...mocha, ...mochaArguments, ...group.files], {
    cwd: root,
    env: { ...process.env, TEST_RESULTS: file, TEST_FOLDER: folder, NODE_COMPILE_CACHE: join(folder, 'compiled') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const [code, signal] = await once(child, 'close');
  group.ms = performance.now() - group.startedAt;
  group.end = code === 0 ? '' : (signal ?? `exit code ${code}`);
  console.log(`\n━━ ${group.name}: ${seconds(group.ms)}`);
  process.stdout.write(Buffer.concat(output));
}

function printProgress() {
  const running = groups.filter((group) => group.results && group.ms === undefined);
  const states = running.map((group) => {
    const { passed, failures, skips, total } = group.results();
    return `${group.name} ${passed + failures.length + skips.length}/${total}`;
  });
  const waiting = groups.filter((group) => !group.results).length;
  console.log(`test: after ${seconds(performance.now())}: ${states.join(', ')}; ${waiting} groups to come`);
}

/** Runs all groups. Returns when the last one has ended. */
async function runAll(folder) {
  const queue = [...groups];
  const progress = setInterval(printProgress, progressMs);
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let group = queue.shift(); group; group = queue.shift()) await run(group, folder);
    }),
  );
  clearInterval(progress);
}

installNeeds();
const folder = mkdtempSync(join(tmpdir(), 'datashop-test-'));
await runAll(folder);
const results = groups.map((group) => ({ ...group, ...group.results() }));
const { lines, ok } = summarize(results, { ci: isCi, files: ownArguments.includes('--files') });
console.log(`\n━━ ${groups.length} groups, ${workers} at a time: ${seconds(performance.now())}\n${lines.join('\n')}`);
if (left.length > 0) console.log(`not run, because they are slow: ${left.join(', ')}. To run them: npm test -- --all`);
process.exitCode = ok ? 0 : 1;
rmSync(folder, { recursive: true, force: true });
