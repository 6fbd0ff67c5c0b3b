// Mutation tests of the modules that must not lose an event: `npm run mutation`, or `npm run mutation -- framing
// replay`.
// Stryker changes the source in one place at a time; each time, at least one of the tests has to fail.
// Not part of `npm test`, because it takes long. npm fetches Stryker when this runs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const stryker = '@stryker-mutator/core@10.0.0';
const lowest = 85;

/** Name → the source files that are mutated, and the test files that have to fail. */
const groups = {
  framing: [
    ['sse/framer', 'sse/frame-scanner', 'sse/partial-frame'],
    ['framer', 'framer-fields', 'framer-cost', 'feed-bytes'],
  ],
  'replay-filter': [
    ['feed/replay-filter', 'feed/known-frames'],
    ['replay-filter', 'known-frames', 'feed'],
  ],
  replay: [['feed/shared/replay-ring'], ['replay-ring', 'share-slow']],
  'replay-queue': [['feed/shared/frame-queue'], ['replay-ring', 'share-slow']],
  feed: [
    ['feed/feed', 'feed/feed-delivery'],
    ['feed', 'feed-bytes', 'resume', 'resume-lifetime', 'upstream-inputs', 'timeouts', 'stalled-loop'],
  ],
  writer: [
    ['browser/response-writer'],
    ['heartbeat', 'stream', 'slow-dedicated', 'slow-browser', 'close', 'transparent'],
  ],
};

for (const [name, [sources, tests]] of Object.entries(groups)) {
  const files = [...sources.map((source) => `src/${source}.ts`), ...tests.map((test) => `test/${test}.test.ts`)];
  const missing = files.filter((file) => !existsSync(join('packages/sse-proxy', file)));
  if (missing.length === 0) continue;
  console.error(`mutation: ${name} names files that don't exist: ${missing.join(', ')}`);
  process.exit(1);
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in groups));
if (unknown.length > 0) {
  console.error(`mutation: expected ${Object.keys(groups).join(', ')}, got ${unknown.join(', ')}`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'mutation-'));
let failed = 0;
for (const name of asked.length > 0 ? asked : Object.keys(groups)) {
  const [sources, testNames] = groups[name];
  const tests = testNames.map((test) => `packages/sse-proxy/test/${test}.test.ts`).join(' ');
  const config = join(folder, `${name}.json`);
  const options = {
    mutate: sources.map((source) => `packages/sse-proxy/src/${source}.ts`),
    testRunner: 'command',
    commandRunner: {
      command: `node node_modules/mocha/bin/mocha.js --no-config --bail --exit --timeout 5000 ${tests}`,
    },
    concurrency: 2,
    timeoutMS: 5_000,
    // With a tsconfig file, Stryker would rewrite it through an API that the compiler no longer has.
    tsconfigFile: 'none',
    reporters: ['clear-text', 'dots'],
    clearTextReporter: { allowColor: false, logTests: false },
    thresholds: { high: lowest, low: lowest, break: lowest },
    tempDirName: join(folder, 'sandbox'),
    ignorePatterns: ['/examples', '/docs', '/test'],
  };
  writeFileSync(config, JSON.stringify(options));
  console.log(`mutation: ${sources.join(', ')}, tested by ${testNames.join(', ')}`);
  const command = ['exec', '--yes', `--package=${stryker}`, '--', 'stryker', 'run', config];
  if (spawnSync('npm', command, { stdio: 'inherit' }).status !== 0) failed++;
}
rmSync(folder, { recursive: true, force: true });
process.exit(failed > 0 ? 1 : 0);
