// Brings a fresh clone to the point where `npm start`, `npm test` and `npm run lint` can run:
// installs what package-lock.json pins, then builds the packages and the log viewer. Does nothing that is already done.
// Runs on the machine's own Node (>= 20); everything after it runs on the Node that it installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, mayInstall } from './debian.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = join(root, 'node_modules', '.setup-stamp');
const clientDist = join(root, 'packages', 'sse-client', 'dist');
const clientStampFile = join(clientDist, 'cjs', '.setup-stamp');
const viewer = join(root, 'examples', 'datashop');
const viewerStampFile = join(viewer, 'dist', '.setup-stamp');
const bundleClient = join(root, 'scripts', 'bundle-client.mjs');
const pinnedNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

function run(what, command, args) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (error) fail(`${what}: ${error.message}`);
  if (signal) process.exit(130);
  if (status !== 0) fail(`${what} failed (exit code ${status}); its output is above`);
}

/** The installed Node needs libatomic1 on Linux, which a minimal system lacks. Installs it where that is allowed. */
function checkPinnedNode() {
  const missing = () =>
    /libatomic\.so\.1/.test(spawnSync(pinnedNode, ['--version'], { encoding: 'utf8' }).stderr ?? '');
  if (!missing()) return;
  if (mayInstall()) {
    console.log('setup: installing libatomic1, which the npm package "node" needs (apt-get install libatomic1)');
    const problem = install(['libatomic1']);
    if (problem) console.error(problem);
    if (!missing()) return;
  }
  fail('the npm package "node" needs libatomic.so.1: install it (Debian, Ubuntu: sudo apt-get install libatomic1)');
}

/** What the installed tree was made from: the lock file, and the platform of its binaries. */
function wantedStamp() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}\n`;
}

/** What the client's bundles were made from. */
function wantedClientStamp() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  const isBundle = (file) => /^(cjs|browser)[\\/]/.test(relative(clientDist, file));
  const files = filesIn(clientDist).filter((file) => /\.(js|d\.ts)$/.test(file) && !isBundle(file));
  for (const file of [...files, bundleClient]) hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  return `${hash.digest('hex')}\n`;
}

/** What the log viewer was built from: its own files, the client package as built, and the versions of the rest. */
function wantedViewerStamp() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  const files = ['web', 'build'].flatMap((folder) => filesIn(join(viewer, folder)));
  files.push(join(viewer, 'vite.config.ts'), ...filesIn(join(root, 'packages/sse-client/dist'), '.js'));
  for (const file of files) hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  return `${hash.digest('hex')}\n`;
}

function filesIn(folder, extension = '') {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`expected Node 20 or newer, got ${process.version} (${process.execPath})`);
}

const wanted = wantedStamp();
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== wanted) {
  console.log('setup: installing dependencies (once, about half a minute)');
  rmSync(stampFile, { force: true });
  run('npm ci', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (!existsSync(pinnedNode)) {
    fail(
      'the npm package "node" was installed without its binary: let npm run its install script (allowScripts in package.json)',
    );
  }
  writeFileSync(stampFile, wanted);
}

checkPinnedNode();
run('build', pinnedNode, [join('node_modules', 'typescript', 'bin', 'tsc'), '-b']);
writeFileSync(join(root, 'packages/sse-proxy/dist/cjs/package.json'), '{ "type": "commonjs" }\n');

const wantedClient = wantedClientStamp();
if (!existsSync(clientStampFile) || readFileSync(clientStampFile, 'utf8') !== wantedClient) {
  run('bundles of sse-client', pinnedNode, [bundleClient]);
  writeFileSync(clientStampFile, wantedClient);
}

const wantedViewer = wantedViewerStamp();
if (!existsSync(viewerStampFile) || readFileSync(viewerStampFile, 'utf8') !== wantedViewer) {
  console.log('setup: building the log viewer (once, a few seconds)');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  run('build of the log viewer', pinnedNode, [
    vite,
    'build',
    '--config',
    join(viewer, 'vite.config.ts'),
    '--logLevel',
    'warn',
  ]);
  writeFileSync(viewerStampFile, wantedViewer);
}
