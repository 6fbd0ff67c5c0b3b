import { match } from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../../packages/support/run.ts';
import type { Area, Bench } from '../support/cell.ts';

const programs = fileURLToPath(new URL('../programs', import.meta.url));
const columns = { CommonJS: 'user.test.cjs', 'ES module': 'user.test.mjs' };

interface Runner {
  readonly row: string;
  /** Arguments of Node.js that run a test file, the way the runner's documentation says. */
  command(file: string): string[];
  /** What the runner prints when all three tests passed. */
  readonly passed: RegExp;
}

const runners: readonly Runner[] = [
  {
    row: 'Jest',
    command: (file) => [
      ...(file.endsWith('.mjs') ? ['--experimental-vm-modules', '--no-warnings'] : []),
      ...['node_modules/jest/bin/jest.js', '--ci', '--config=jest.json', '--runTestsByPath', file],
    ],
    passed: /Tests:\s+3 passed, 3 total/,
  },
  {
    row: 'Vitest',
    command: (file) => ['node_modules/vitest/vitest.mjs', 'run', '--globals', '--no-color', file],
    passed: /Tests\s+3 passed \(3\)/,
  },
  { row: 'mocha', command: (file) => ['node_modules/mocha/bin/mocha.js', file], passed: /3 passing/ },
  { row: 'node:test', command: (file) => ['--import=./globals.mjs', '--test', file], passed: /pass 3\n/ },
];

/** Runs a user's tests, and waits for the runner to end by itself: nothing of a closed stream may keep it. */
async function passes(bench: Bench, { command, passed }: Runner, file: string): Promise<undefined> {
  const project = await bench.project('runners', {
    '@datashop/sse-proxy': bench.tarballs['@datashop/sse-proxy'] as string,
    express: '5',
    jest: '30',
    mocha: '12',
    supertest: '7',
    vitest: '5',
  });
  for (const name of [file, 'user-tests.cjs']) cpSync(`${programs}/${name}`, `${project.dir}/${name}`);
  const testMatch = ['**/*.test.?(c|m)js'];
  project.write(
    'jest.json',
    JSON.stringify({ testEnvironment: 'node', testMatch, moduleFileExtensions: ['js', 'mjs', 'cjs'] }),
  );
  project.write('globals.mjs', "import { it } from 'node:test';\nglobalThis.it = it;\n");
  const output = await run(project.dir, process.execPath, ...command(file));
  match(output, passed);
  if (/did not exit|open handle|Warning/.test(output)) throw new Error(output);
}

export const runnerArea: Area = {
  name: 'runners',
  title: 'Test runners',
  text:
    'Your own test of a stream, with supertest: a stream that ends, the first events of one that does not, and a refusal. The ' +
    'runner has to end by itself, without a message about open handles. ' +
    '[The file](../test/compatibility/programs/user-tests.cjs) can be copied.',
  cells: runners.flatMap((runner) =>
    Object.entries(columns).map(([column, file]) => ({
      row: runner.row,
      column,
      run: (bench: Bench) => passes(bench, runner, file),
    })),
  ),
};
