import type { Area, Bench } from '../support/cell.ts';
import { checkStream, dial, withUpstream } from '../support/check-stream.ts';
import { startProgram } from '../support/program.ts';

/** Row → the version that is installed. */
export const expressVersions: Readonly<Record<string, string>> = {
  'Express 4.18.0': '4.18.0',
  'Express 4, newest': '4',
  'Express 5.0.0': '5.0.0',
  'Express 5, newest': '5',
};

/** A project with Express, the proxy, and nothing else. */
export const plainProject = (bench: Bench, version: string) =>
  bench.project(`express-${version}`, {
    express: version,
    '@datashop/sse-proxy': bench.tarballs['@datashop/sse-proxy'] as string,
  });

/** Reads a stream through a file of `programs/`. */
export async function streams(
  bench: Bench,
  version: string,
  file: string,
  command?: readonly string[],
): Promise<undefined> {
  const project = await plainProject(bench, version);
  await withUpstream(async (upstream) => {
    const program = await startProgram(project, file, [upstream.url], command);
    try {
      await checkStream(upstream, () => dial(program.ports.http as number));
    } finally {
      await program.stop();
    }
  });
}

export const express: Area = {
  name: 'express',
  title: 'Express',
  text: 'The quick start of the README, as an ES module (`import`) and in CommonJS (`require`).',
  cells: Object.entries(expressVersions).flatMap(([row, version]) => [
    { row, column: 'ES module', run: (bench) => streams(bench, version, 'basic.mjs') },
    { row, column: 'CommonJS', run: (bench) => streams(bench, version, 'basic.cjs') },
  ]),
};
