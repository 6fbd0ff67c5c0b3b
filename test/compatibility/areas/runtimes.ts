import { equal, match, notEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { executableOf } from '../../../scripts/executables.mjs';
import type { Area, Bench, Cell } from '../support/cell.ts';
import { plainProject, streams } from './express.ts';

const nodes = ['22.19.0', '24', '26'];

/** Row → the command in front of the file, once it is installed. */
const runtimes: Readonly<Record<string, () => readonly string[]>> = {
  ...Object.fromEntries(nodes.map((version) => [`Node ${version}`, () => [executableOf('node', version)]])),
  'Deno 2': () => [executableOf('deno', '2'), 'run', '--allow-all', '--node-modules-dir=manual', '--quiet'],
};

/** What the package refuses when it is loaded. */
const refused: Readonly<Record<string, () => string>> = {
  'Node 20': () => executableOf('node', '20'),
  'Bun 1': () => executableOf('bun', '1'),
};

/** Loads the package where it has to refuse: one line on the console says why. */
async function refuses(bench: Bench, executable: string, file: string): Promise<string> {
  const { dir } = await plainProject(bench, '5');
  const load = file === 'cjs' ? "require('@datashop/sse-proxy')" : "import('@datashop/sse-proxy')";
  const { status, stderr } = spawnSync(executable, ['-e', load], { cwd: dir, encoding: 'utf8' });
  notEqual(status, 0);
  // Bun adds an excerpt of the code.
  const lines = stderr.match(/@datashop\/sse-proxy needs Node\.js 22\.19 or newer, this is .+/g);
  equal(lines?.length, 1, stderr);
  match(stderr, /ERR_SSE_RUNTIME/);
  return 'refused, `ERR_SSE_RUNTIME`';
}

const columns = { 'ES module': 'mjs', CommonJS: 'cjs' };

export const runtimeArea: Area = {
  name: 'runtimes',
  title: 'Runtimes',
  text: 'The same server on Express 5. The npm packages `node`, `deno` and `bun` bring the executables. On Deno, nothing else was tried.',
  cells: Object.entries(columns).flatMap(([column, extension]): Cell[] => [
    ...Object.entries(runtimes).map(([row, command]) => ({
      row,
      column,
      run: (bench: Bench) => streams(bench, '5', `basic.${extension}`, command()),
    })),
    ...Object.entries(refused).map(([row, executable]) => ({
      row,
      column,
      run: (bench: Bench) => refuses(bench, executable(), extension),
    })),
  ]),
};
