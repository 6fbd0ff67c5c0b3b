// Mutation testing of what must not lose an event: `npm run mutation`, or `npm run mutation -- framing replay`.
// Breaks the source in every way that Stryker knows, one at a time, and runs the tests that are to notice.
// Not part of `npm test`: it takes a while. Stryker is fetched by npm when this runs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const stryker = '@stryker-mutator/core@10.0.0';
const lowest = 85;

/** Source file → the test files that are to notice. */
const groups = {
  'sse/framer': ['framer', 'framer-fields', 'framer-cost', 'feed-bytes'],
  'feed/replay-filter': ['replay-filter', 'feed'],
  'feed/replay-ring': ['replay-ring', 'share-slow'],
  'feed/feed': ['feed', 'feed-bytes', 'resume', 'resume-lifetime', 'upstream-inputs', 'timeouts', 'stalled-loop'],
  'browser/outlet': ['heartbeat', 'stream', 'slow-dedicated', 'slow-browser', 'close', 'thin-path'],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in groups));
if (unknown.length > 0) {
  console.error(`mutation: expected ${Object.keys(groups).join(', ')}, got ${unknown.join(', ')}`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'mutation-'));
let failed = 0;
for (const name of asked.length > 0 ? asked : Object.keys(groups)) {
  const tests = groups[name].map((test) => `packages/sse-proxy/test/${test}.test.ts`).join(' ');
  const config = join(folder, `${name}.json`);
  const options = {
    mutate: [`packages/sse-proxy/src/${name}.ts`],
    testRunner: 'command',
    commandRunner: {
      command: `node node_modules/mocha/bin/mocha.js --no-config --bail --exit --timeout 5000 ${tests}`,
    },
    concurrency: 2,
    timeoutMS: 5_000,
    // Without one Stryker leaves TypeScript alone: its rewriting of tsconfig needs the compiler's old API.
    tsconfigFile: 'none',
    reporters: ['clear-text', 'dots'],
    clearTextReporter: { allowColor: false, logTests: false },
    thresholds: { high: lowest, low: lowest, break: lowest },
    tempDirName: join(folder, 'sandbox'),
    ignorePatterns: ['/examples', '/docs', '/test'],
  };
  writeFileSync(config, JSON.stringify(options));
  console.log(`mutation: ${name}.ts, noticed by ${groups[name].join(', ')}`);
  const command = ['exec', '--yes', `--package=${stryker}`, '--', 'stryker', 'run', config];
  if (spawnSync('npm', command, { stdio: 'inherit' }).status !== 0) failed++;
}
rmSync(folder, { recursive: true, force: true });
process.exit(failed > 0 ? 1 : 0);
