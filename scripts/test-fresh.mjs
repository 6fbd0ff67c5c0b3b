// `npm run test:fresh`: runs `npm test` in a clean clone of the last commit, on a machine that has next to nothing: a
// minimal Debian or Ubuntu of the same release as this one, with this machine's Node and npm, and git.
//   npm run test:fresh -- root    as root with apt: everything is installed, nothing may be skipped
//   npm run test:fresh -- user    as a user who can't install anything: skips are listed
//   npm run test:fresh            both
// Arguments that start with `--` go to `npm test`. Needs root on Debian or Ubuntu. Not part of `npm test`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, mayInstall } from './debian.mjs';
import { makeMachine } from './fresh/machine.mjs';
import { findExecutable, needs } from './needs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const kinds = {
  // Without libatomic1, so that set-up has to install it.
  root: { user: 'root', packages: ['git', 'ca-certificates'] },
  user: { user: 'tester', packages: ['git', 'ca-certificates', 'libatomic1'] },
};

const testArguments = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = asked.filter((name) => !(name in kinds));
if (unknown.length > 0) fail(`expected root or user, got ${unknown.join(', ')}`);
if (!mayInstall()) fail('needs root on Debian or Ubuntu, to make a root file system and to change into it');
if (!findExecutable('debootstrap')) {
  console.log('test:fresh: installing debootstrap (apt-get install debootstrap)');
  const problem = install(['debootstrap']);
  if (problem) fail(problem);
}

function fail(message) {
  console.error(`test:fresh: ${message}`);
  process.exit(1);
}

/** Runs `npm test` on a new machine. Returns what is wrong with the outcome, or undefined. */
async function tryOn(name) {
  const { user, packages } = kinds[name];
  const folder = mkdtempSync(join(tmpdir(), `datashop-fresh-${name}-`));
  try {
    console.log(`test:fresh: making a machine for ${name} (a minute or two)`);
    const machine = makeMachine(join(folder, 'root'), { user, packages, clone: root });
    const startedAt = performance.now();
    const log = join(tmpdir(), `datashop-fresh-${name}.log`);
    console.log(`test:fresh: npm test as ${name}; the output goes to ${log}, too`);
    const { code, output } = await run(machine.command(['npm', 'test', '--', '--all', ...testArguments]), log);
    console.log(`test:fresh: npm test as ${name} took ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    return judge(name, code, output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run([command, ...args], log) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // Ending `unshare` ends every process in the machine, and the machine is then removed.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill('SIGKILL'));
  const file = createWriteStream(log);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      file.write(text);
      process.stdout.write(text);
    });
  }
  const [code] = await once(child, 'close');
  file.end();
  return { code, output };
}

function judge(name, code, output) {
  if (code !== 0) return `npm test ended with exit code ${code}`;
  const skipped = output.split('\n').filter((line) => /^skipped \d+ tests?: /.test(line));
  if (name === 'root')
    return skipped.length === 0 ? undefined : `skipped although it may install: ${skipped.join('; ')}`;
  const silent = ['nginx'].filter((need) => !skipped.some((line) => line.includes(needs[need].debian[0])));
  return silent.length === 0 ? undefined : `no skip is listed for ${silent.join(', ')}`;
}

let wrong = 0;
for (const name of asked.length > 0 ? asked : Object.keys(kinds)) {
  const problem = await tryOn(name);
  console.log(`test:fresh: ${name}: ${problem ?? 'as it should be'}`);
  if (problem) wrong++;
}
process.exit(wrong > 0 ? 1 : 0);
