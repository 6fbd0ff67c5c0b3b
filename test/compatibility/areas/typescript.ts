import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../../packages/support/run.ts';
import type { Area, Bench } from '../support/cell.ts';

const versions = ['5.0', '5.4', '5.7', '5.9', '6.0', '7.0'];
/** `moduleResolution` → `module`. */
const resolutions = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' };
const expresses = { 4: '^4.17.0', 5: '^5.0.0' };
const types = fileURLToPath(new URL('../types', import.meta.url));

const compilerName = (version: string) => `typescript-${version}`;

/** A project with every compiler, all packages, and the types of one Express. */
function typedProject(bench: Bench, express: '4' | '5') {
  const compilers = versions.map((version) => [compilerName(version), `npm:typescript@${version}`]);
  return bench.project(`types-${express}`, {
    ...bench.tarballs,
    ...Object.fromEntries(compilers),
    express,
    '@types/express': expresses[express],
    '@types/node': '^22.19.0',
    'prom-client': '^15.1.0',
    redis: '^6.0.0',
  });
}

/** Type-checks a user's ES module and CommonJS file. */
async function checks(bench: Bench, version: string, moduleResolution: keyof typeof resolutions): Promise<undefined> {
  for (const express of ['4', '5'] as const) {
    const project = await typedProject(bench, express);
    const files = ['main.mts', 'main.cts'];
    for (const file of files) cpSync(`${types}/${file}`, `${project.dir}/${file}`);
    const compilerOptions = {
      module: resolutions[moduleResolution],
      moduleResolution,
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable'],
      types: ['node'],
      esModuleInterop: true,
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    };
    project.write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    await run(project.dir, process.execPath, `node_modules/${compilerName(version)}/bin/tsc`, '--project', '.');
  }
}

export const typescript: Area = {
  name: 'typescript',
  title: 'TypeScript',
  text:
    'A file that uses all five packages as an ES module, and one that uses `sse-proxy` and `sse-client` in CommonJS, with the ' +
    'types of Express 4 and of Express 5, `strict` and `skipLibCheck`, by `moduleResolution`. The other packages are ES modules only.',
  cells: versions.flatMap((version) =>
    (Object.keys(resolutions) as (keyof typeof resolutions)[]).map((column) => ({
      row: `TypeScript ${version}`,
      column: `\`${column}\``,
      run: (bench: Bench) => checks(bench, version, column),
    })),
  ),
};
